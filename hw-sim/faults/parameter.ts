import { z } from 'zod'

/** One parameter of a fault, as `tezio-sim faults` lists it. */
export type ParameterDescription = {
  readonly name: string
  readonly kind: 'number' | 'text' | 'choice'
  readonly default: unknown
  readonly description: string
}

/** A parameter: what it is, what it is unless given, and what values it takes. */
export type Parameter<Value> = {
  readonly kind: ParameterDescription['kind']
  readonly default: Value
  readonly description: string
  readonly schema: z.ZodType<Value>
}

/** A fault's parameters by their names. */
export type Parameters = Readonly<Record<string, Parameter<unknown>>>

/** The values of a fault's parameters. */
export type ValuesOf<Shape extends Parameters> = {
  readonly [Name in keyof Shape]: Shape[Name] extends Parameter<infer Value> ? Value : never
}

/** The longest time a parameter can say: an hour. */
export const LONGEST_MS = 3_600_000

const NUMBER_TEXT = /^(?:\d+|0x[0-9a-fA-F]+)$/

/** A whole number; a command line may give it as text, `0xaf` included. */
export function wholeNumber(
  fallback: number,
  range: { readonly min: number; readonly max: number },
  description: string,
): Parameter<number> {
  const { min, max } = range
  const schema = z.preprocess(
    (value) => (typeof value === 'string' && NUMBER_TEXT.test(value) ? Number(value) : value),
    z.number(`expected a whole number from ${min} to ${max}`).int().min(min).max(max),
  )
  return { kind: 'number', default: fallback, description, schema }
}

/** Milliseconds, an hour at most. */
export function milliseconds(fallback: number, description: string): Parameter<number> {
  return wholeNumber(fallback, { min: 0, max: LONGEST_MS }, description)
}

/** Text of a form that `pattern` tells, which `form` describes. */
export function text(
  fallback: string,
  pattern: RegExp,
  form: string,
  description: string,
): Parameter<string> {
  const schema = z.string(`expected ${form}`).regex(pattern, `expected ${form}`)
  return { kind: 'text', default: fallback, description, schema }
}

/** One of some words, the first unless given; the description lists them. */
export function choice<const Words extends readonly [string, ...string[]]>(
  words: Words,
  description: string,
): Parameter<Words[number]> {
  const schema: z.ZodType<Words[number]> = z.enum(words)
  return { kind: 'choice', default: words[0], description: `${description}: ${words.join(', ')}`, schema }
}
