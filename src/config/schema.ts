import { z } from 'zod'
import { readAddressRange, readListenAddress } from './addresses.js'
import { isRefused, pathText, show, suggestion, type Path, type Refused } from './findings.js'
import {
  MAX_LEVEL,
  readAddressText,
  readAuthenticationAlias,
  readBoolean,
  readChain,
  readDevicePort,
  readFolder,
  readHostName,
  readKind,
  readLevelGap,
  readMagicByte,
  readOnError,
  readPublicKey,
  readRpcUrl,
  readText,
  wholeNumber,
} from './values.js'
import { readGroup, readMode, readPathPrefix } from './socket-values.js'

const leaf = <T>(read: (value: unknown) => T | Refused) =>
  z
    .unknown()
    .transform((value, context): T => {
      const result = read(value)
      if (!isRefused(result)) return result
      context.addIssue({ code: 'custom', message: result.refused })
      return z.NEVER
    })
    .optional()

const LEVELS = ' (levels)'
const MILLISECONDS = ' (milliseconds)'

const list = <T>(read: (value: unknown) => T | Refused) =>
  z.array(leaf(read).unwrap(), {
    error: ({ input }) => `${show(input)} is not a list; write [first, second]`,
  })

const chains = z
  .preprocess(
    (value) => (typeof value === 'string' ? [value] : value),
    list(readChain).min(1, { error: 'no chain is listed; name one, or remove the line for the default' }),
  )
  .optional()

const section = <Shape extends z.ZodRawShape>(shape: Shape) =>
  z.strictObject(shape, {
    error: ({ code, input }) =>
      code === 'unrecognized_keys'
        ? undefined
        : `${show(input)} is not a mapping of keys; indent its keys below it`,
  })

const table = <Value extends z.ZodType>(value: Value) =>
  z.record(z.string(), value, {
    error: ({ input }) => `${show(input)} is not a mapping; indent its entries below it`,
  })

const signingKey = section({
  curve_alias: leaf(wholeNumber(1, 3)),
  allowed_ops: list(readMagicByte).optional(),
  auth_req: leaf(readBoolean),
  auth_prefix: leaf(readText),
  public_key: leaf(readPublicKey),
  chains,
  allow: list(readKind).optional(),
})

/** A path alone, or a mapping. */
const unixSocket = z
  .preprocess(
    (value) => (typeof value === 'string' ? { path: value } : value),
    section({ path: leaf(readFolder), mode: leaf(readMode), group: leaf(readGroup) }).nullish(),
  )
  .optional()

const marksByByte = table(leaf(wholeNumber(0, MAX_LEVEL))).nullish()

/** The file as it may be written: each value read on its own, rules across values still to be applied. */
export const fileSchema = section({
  security: section({
    remote_ip_check: leaf(readBoolean),
    auth_check: leaf(readBoolean),
    signing_policy_check: leaf(readBoolean),
    high_water_mark_check: leaf(readBoolean),
  }).nullish(),
  verbose: leaf(readBoolean),
  high_water_marks: section({ level: marksByByte, round: marksByByte }).nullish(),
  allowed_ips: list(readAddressRange).optional(),
  policy: section({
    signing_keys: table(signingKey).nullish(),
    auth_key: section({
      pkh: leaf(readAddressText),
      curve_alias: leaf(readAuthenticationAlias),
      public_key: leaf(readPublicKey),
    }).nullish(),
  }).nullish(),
  device: section({
    port: leaf(readDevicePort),
    serial_number: leaf(readText),
    timeout_ms: leaf(wholeNumber(200, 10_000, MILLISECONDS)),
  }).nullish(),
  server: section({
    listen: leaf(readListenAddress),
    unix: unixSocket,
    tcp: leaf(readListenAddress),
    path_prefix: leaf(readPathPrefix),
    allowed_hosts: list(readHostName).optional(),
    known_keys: leaf(readBoolean),
    queue_timeout_ms: leaf(wholeNumber(100, 30_000, MILLISECONDS)),
    trusted_proxies: list(readAddressRange).optional(),
  }).nullish(),
  admin: section({ listen: leaf(readListenAddress) }).nullish(),
  chains,
  marks: section({ max_level_gap: leaf(readLevelGap) }).nullish(),
  head_check: section({
    rpc: leaf(readRpcUrl),
    max_ahead: leaf(wholeNumber(1, 100, LEVELS)),
    max_behind: leaf(wholeNumber(1, 14_400, LEVELS)),
    on_error: leaf(readOnError),
  }).nullish(),
  state_dir: leaf(readFolder),
})

/** What the file says, value by value. */
export type FileContents = z.infer<typeof fileSchema>

/** One signing key's entry. */
export type SigningKeyEntry = z.infer<typeof signingKey>

/** What is wrong with single values of a file: one entry each, with its path. */
export function schemaProblems(
  error: z.ZodError,
): readonly { readonly path: Path; readonly message: string }[] {
  return error.issues.flatMap((issue) => {
    const path = issue.path.map((step) => (typeof step === 'number' ? step : String(step)))
    if (issue.code !== 'unrecognized_keys') return [{ path, message: issue.message }]
    const known = keysAt(fileSchema, path)
    return issue.keys.map((key) => ({ path: [...path, key], message: unknownKey(key, path, known) }))
  })
}

function unknownKey(key: string, path: Path, known: readonly string[]): string {
  const place = path.length === 0 ? 'at the top level' : `in ${pathText(path)}`
  const close = suggestion(key, known)
  return `is not a known key ${place}${close}; remove it, or use one of ${known.join(', ')}`
}

/** The keys that the section at `path` may hold. */
function keysAt(schema: unknown, path: Path): readonly string[] {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable) return keysAt(schema.unwrap(), path)
  if (schema instanceof z.ZodPipe) return keysAt(schema.out, path)
  const [step, ...rest] = path
  if (schema instanceof z.ZodRecord) return keysAt(schema.valueType, rest)
  if (!(schema instanceof z.ZodObject)) return []
  return step === undefined ? Object.keys(schema.shape) : keysAt(schema.shape[String(step)], rest)
}
