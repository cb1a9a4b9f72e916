import { z } from 'zod'
import type { Interference, ReceivedContext, WireAction } from '../behaviour.js'
import type { Outcome } from '../firmware/outcome.js'
import { FaultError } from './fault-error.js'
import type { FaultTarget } from './fault-target.js'
import type { ParameterDescription, Parameters, ValuesOf } from './parameter.js'

/** One fault, as `tezio-sim faults` lists it. */
export type FaultDescription = {
  readonly name: string
  readonly description: string
  readonly parameters: readonly ParameterDescription[]
}

/** A fault that is armed: the hooks of a behaviour, each of which returns `undefined` where it has nothing to do. */
export interface Fault {
  intercept?(context: ReceivedContext): Interference | undefined
  answer?(outcome: Outcome, context: ReceivedContext): Outcome | undefined
  apply?(actions: readonly WireAction[]): readonly WireAction[] | undefined
  /** Does its work now, without a command. */
  actAlone?(): void
}

/** What a fault may leave behind: a plug that is out, a device that hangs. */
export type Aftermath = 'plug' | 'stall'

/** What a fault works on. */
export type FaultRig = FaultTarget & {
  /**
   * Says how to put right what it leaves behind, which disarming does. The newest of a kind counts: for it the one
   * before is called off.
   */
  readonly leave: (kind: Aftermath, putRight: () => void, callOff?: () => void) => void
  /** Says that nothing of a kind is left behind any more. */
  readonly settle: (kind: Aftermath) => void
}

/** A fault that can be armed: its description, and how one is made. */
export type FaultDefinition = FaultDescription & {
  /** Whether it can act at a moment, without a command. */
  readonly actsAlone: boolean
  /** The parameters, complete. Throws a FaultError (`bad-parameters`). */
  readonly parse: (parameters: unknown) => Readonly<Record<string, unknown>>
  /** Makes one of parsed parameters. Throws a FaultError (`not-possible-here`). */
  readonly make: (parameters: unknown, rig: FaultRig) => Fault
}

/** A definition from a fault's name, one line on it, its parameters, and the function that makes it. */
export function defineFault<const Shape extends Parameters>(row: {
  readonly name: string
  readonly description: string
  readonly parameters: Shape
  readonly actsAlone?: true
  readonly make: (values: ValuesOf<Shape>, rig: FaultRig) => Fault
}): FaultDefinition {
  const { name, description, make } = row
  const entries = Object.entries(row.parameters)
  const schema = z.strictObject(
    Object.fromEntries(entries.map(([key, parameter]) => [key, withDefault(parameter)])),
  )
  const parse = (parameters: unknown): ValuesOf<Shape> => {
    const parsed = schema.safeParse(parameters ?? {})
    if (parsed.success) return parsed.data as ValuesOf<Shape> // the schema is made of the same rows as the type
    throw new FaultError('bad-parameters', `${name}: ${parsed.error.issues.map(sentence).join('; ')}`)
  }
  return {
    name,
    description,
    parameters: entries.map(([key, { kind, default: fallback, description }]) => {
      return { name: key, kind, default: fallback, description }
    }),
    actsAlone: row.actsAlone ?? false,
    parse,
    make: (parameters, rig) => make(parse(parameters), rig),
  }
}

function withDefault({ schema, default: fallback }: Parameters[string]): z.ZodType {
  return schema.optional().transform((value) => value ?? fallback)
}

function sentence({ path, message }: z.core.$ZodIssue): string {
  return path.length === 0 ? message : `${path.join('.')}: ${message}`
}
