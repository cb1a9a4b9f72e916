import { z } from 'zod'
import { COMMAND_NAMES } from '../firmware/command-name.js'

/** What a time in a scenario can be at most: 24 days, which a timer can wait. */
const LONGEST_MS = 24 * 86_400_000

const ms = z.int('expected whole milliseconds').min(0).max(LONGEST_MS)
const LEVEL_TEXT = /^(>=|=)?\s*(\d{1,10})$/
const LEVEL_FORM = "expected a level of 32 bits, '= LEVEL' or '>= LEVEL'"

/** `100`, `'= 100'` or `'>= 100'`. */
const level = z.union([z.number(), z.string()], LEVEL_FORM).transform((value, context) => {
  const [, sign, digits] = LEVEL_TEXT.exec(String(value)) ?? []
  const level = Number(digits)
  if (level <= 0xffff_ffff) return { relation: sign === '>=' ? ('>=' as const) : ('=' as const), level }
  context.addIssue({ code: 'custom', message: LEVEL_FORM })
  return z.NEVER
})

const trigger = z
  .strictObject({
    nth: z.int('expected a whole number').min(1).exactOptional(),
    command: z.enum(COMMAND_NAMES).exactOptional(),
    magic: z.int('expected a byte').min(0).max(0xff).exactOptional(),
    level: level.exactOptional(),
    from_ms: ms.exactOptional(),
    until_ms: ms.exactOptional(),
    chance: z.number('expected a probability').gt(0).max(1).exactOptional(),
    seed: z.int('expected a whole number').min(0).max(0xffff_ffff).exactOptional(),
    at_ms: ms.exactOptional(),
  })
  .refine(({ chance, seed }) => (chance === undefined) === (seed === undefined), {
    message: 'chance and seed belong together: the same seed plays the same day again',
  })
  .refine((on) => on.at_ms === undefined || Object.keys(on).length === 1, {
    message:
      'at_ms stands alone: at that moment it happens without a command; from_ms goes with other triggers',
  })

/** One step as it is written. */
const step = z.strictObject({
  on: trigger.exactOptional(),
  do: z.string('expected the name of a fault'),
  with: z.record(z.string(), z.unknown(), 'expected parameters').exactOptional(),
  times: z.int('expected a whole number').min(1).exactOptional(),
})

/** A scenario file as it is written. */
export const scenarioSchema = z.strictObject({
  teaches: z.string('expected a sentence').trim().min(1),
  steps: z.array(step, 'expected a list of steps').max(1000),
})

/** One step as it is written. */
export type WrittenStep = z.infer<typeof step>

/** The keys a trigger may have. */
export const TRIGGER_KEYS: readonly string[] = Object.keys(trigger.shape)
