import { z } from 'zod'
import { hexByte } from '../../src/tezos/index.js'
import { KEY_NAMES } from '../device-key.js'

/** What an answer is about, and so how it is shown. */
export type AnswerKind = 'status' | 'device' | 'faults' | 'armed' | 'disarmed' | 'marks' | 'counters' | 'log'

const deviceSchema = z.object({
  name: z.string(),
  address: z.string(),
  isPlugged: z.boolean(),
  state: z.string(),
  profile: z.string().optional(),
  latency: z.string().optional(),
  keys: z.record(z.string(), z.string()).optional(),
  armedFaults: z.number().optional(),
  exchanges: z.number().optional(),
  boots: z.number().optional(),
})

const faultSchema = z.object({
  id: z.number(),
  name: z.string(),
  parameters: z.record(z.string(), z.unknown()),
  count: z.number(),
})

const markSchema = z.object({
  alias: z.number(),
  magicByte: z.number(),
  level: z.number(),
  round: z.number(),
})

const entrySchema = z.object({ number: z.number(), command: z.string(), answer: z.string() })
const numbersSchema = z.record(z.string(), z.number())

/** An answer of the control interface as lines for a person. Throws when it is not what `kind` promises. */
export function showAnswer(kind: AnswerKind, answer: unknown): readonly string[] {
  return SHOWN[kind](answer)
}

const SHOWN: Readonly<Record<AnswerKind, (answer: unknown) => readonly string[]>> = {
  status: (answer) => {
    const { simulated, devices } = z
      .object({ simulated: z.string(), devices: z.array(deviceSchema) })
      .parse(answer)
    return [simulated, ...devices.flatMap(showDevice)]
  },
  device: (answer) => showDevice(deviceSchema.parse(answer)).slice(0, 1),
  faults: (answer) => {
    const { armed } = z.object({ armed: z.array(faultSchema) }).parse(answer)
    return armed.length === 0 ? ['no fault is armed'] : armed.map(showFault)
  },
  armed: (answer) => [`armed ${showFault(z.object({ armed: faultSchema }).parse(answer).armed)}`],
  disarmed: (answer) => [`disarmed ${z.object({ disarmed: z.number() }).parse(answer).disarmed}`],
  marks: (answer) => {
    const { marks } = z.object({ marks: z.array(markSchema) }).parse(answer)
    return marks.length === 0 ? ['no mark was raised since the start'] : marks.map(showMark)
  },
  counters: (answer) => {
    const parsed = z.object({ counters: numbersSchema, faults: numbersSchema }).parse(answer)
    const entries = [
      ...Object.entries(parsed.counters),
      ...Object.entries(parsed.faults).map(([name, count]) => [`fault ${name}`, count] as const),
    ]
    return entries.map(([name, count]) => `${name} ${count}`)
  },
  log: (answer) => {
    const { exchanges } = z.object({ exchanges: z.array(entrySchema) }).parse(answer)
    return exchanges.map((entry) => `#${entry.number} ${entry.command} -> ${entry.answer}`)
  },
}

function showDevice(device: z.infer<typeof deviceSchema>): readonly string[] {
  const { name, address, isPlugged, state, keys = {} } = device
  const plug = isPlugged ? 'plugged in' : 'unplugged'
  const model = device.profile === undefined ? '' : `, profile ${device.profile}, latency ${device.latency}`
  const counts =
    device.exchanges === undefined
      ? ''
      : `, ${device.exchanges} exchanges, ${device.boots} starts, ${device.armedFaults} faults armed`
  return [
    `${name}: SIMULATED, ${address}, ${plug}, ${state}${model}${counts}`,
    ...Object.entries(keys).map(([key, hash]) => `  ${key.padEnd(9)} ${hash}`),
  ]
}

function showFault({ id, name, parameters, count }: z.infer<typeof faultSchema>): string {
  const pairs = Object.entries(parameters).map(([key, value]) => ` ${key}=${String(value)}`)
  return `${id} ${name}${pairs.join('')}, struck ${count} times`
}

function showMark({ alias, magicByte, level, round }: z.infer<typeof markSchema>): string {
  return `${KEY_NAMES[alias] ?? alias} ${hexByte(magicByte)} level ${level} round ${round}`
}
