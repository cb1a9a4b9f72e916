import { z } from 'zod'
import { isRefused, show, type Refused } from './findings.js'

/** A value that a reader reads, or nothing. */
export const leaf = <T>(read: (value: unknown) => T | Refused) =>
  z
    .unknown()
    .transform((value, context): T => {
      const result = read(value)
      if (!isRefused(result)) return result
      context.addIssue({ code: 'custom', message: result.refused })
      return z.NEVER
    })
    .optional()

/** A list of values that a reader reads. */
export const list = <T>(read: (value: unknown) => T | Refused) =>
  z.array(leaf(read).unwrap(), {
    error: ({ input }) => `${show(input)} is not a list; write [first, second]`,
  })

/** A list of mappings. */
export const sections = <Value extends z.ZodType>(value: Value) =>
  z.array(value, { error: ({ input }) => `${show(input)} is not a list of mappings; begin each with "- "` })

/** A mapping with these keys and no others. */
export const section = <Shape extends z.ZodRawShape>(shape: Shape) =>
  z.strictObject(shape, {
    error: ({ code, input }) =>
      code === 'unrecognized_keys'
        ? undefined
        : `${show(input)} is not a mapping of keys; indent its keys below it`,
  })

/** A mapping from any names. */
export const table = <Value extends z.ZodType>(value: Value) =>
  z.record(z.string(), value, {
    error: ({ input }) => `${show(input)} is not a mapping; indent its entries below it`,
  })

/** One text, or a list of texts. */
export const oneOrMore = <T>(read: (value: unknown) => T | Refused) =>
  z
    .preprocess(
      (value) => (typeof value === 'string' ? [value] : value),
      list(read).min(1, { error: 'lists nothing; name one at least, or remove the line' }),
    )
    .optional()
