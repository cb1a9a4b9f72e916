import type { z } from 'zod'
import { faultNamed } from '../faults/catalogue.js'
import { FaultError } from '../faults/fault-error.js'
import type { Scenario, ScenarioStep } from './scenario.js'
import { ScenarioError, type ScenarioProblem } from './scenario-error.js'
import { scenarioSchema, type WrittenStep } from './scenario-schema.js'
import { readScenarioSource, type Path, type ScenarioSource } from './scenario-source.js'

/** The largest scenario that is read: 1 MiB. */
const MAX_BYTES = 1024 * 1024

/** A scenario from its YAML text. Throws a ScenarioError that names `file`, the line and the reason of each problem. */
export function parseScenario(text: string, file: string): Scenario {
  if (Buffer.byteLength(text) > MAX_BYTES) {
    throw new ScenarioError(file, [{ line: 1, message: `larger than ${MAX_BYTES} bytes` }])
  }
  const source = readScenarioSource(text, file)
  const written = scenarioSchema.safeParse(source.value)
  if (!written.success) {
    throw new ScenarioError(
      file,
      written.error.issues.map((issue) => problemOf(issue, source)),
    )
  }
  const problems: ScenarioProblem[] = []
  const steps = written.data.steps.flatMap((step, index): readonly ScenarioStep[] => {
    const read = readStep(step)
    if (!('problem' in read)) return [read]
    problems.push({ line: source.lineOf(['steps', index, ...read.path]), message: read.problem })
    return []
  })
  if (problems.length > 0) throw new ScenarioError(file, problems)
  return { file, teaches: written.data.teaches, steps }
}

function readStep(step: WrittenStep): ScenarioStep | { readonly problem: string; readonly path: Path } {
  const { on = {}, times } = step
  try {
    const fault = faultNamed(step.do)
    const parameters = fault.parse(step.with)
    const repeat = times === undefined ? {} : { times }
    const { at_ms, ...trigger } = on
    if (at_ms === undefined)
      return { on: { kind: 'commands', trigger }, do: step.do, with: parameters, ...repeat }
    if (!fault.actsAlone)
      return { problem: `${step.do} needs a command, and at_ms waits for none`, path: ['on'] }
    if (times !== undefined) return { problem: 'at_ms happens once; drop times', path: ['times'] }
    return { on: { kind: 'moment', at_ms }, do: step.do, with: parameters }
  } catch (error) {
    if (!(error instanceof FaultError)) throw error
    return { problem: error.message, path: [error.code === 'unknown-fault' ? 'do' : 'with'] }
  }
}

function problemOf(issue: z.core.$ZodIssue, source: ScenarioSource): ScenarioProblem {
  const inner = issue.code === 'unrecognized_keys' ? issue.keys.slice(0, 1) : []
  const path = [...issue.path, ...inner]
  const place = issue.path.length === 0 ? '' : `${issue.path.join('.')}: `
  return { line: source.lineOf(path), message: `${place}${issue.message}` }
}
