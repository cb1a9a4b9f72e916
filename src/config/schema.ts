import { z } from 'zod'
import { readAddressRange, readListenAddress } from './addresses.js'
import {
  MAX_MUTEZ,
  MAX_WINDOW_HOURS,
  readDestination,
  readEntrypoint,
  readTimeOfDay,
  readWeekday,
  readZone,
} from './limit-values.js'
import { pathText, suggestion, type Path } from './findings.js'
import { leaf, list, oneOrMore, section, sections, table } from './schema-forms.js'
import {
  readAuthenticationKey,
  readCertificateName,
  readFilePath,
  readTokenHeader,
  readVerify,
} from './proof-values.js'
import { readHookKind, readHookUrl } from './hook-values.js'
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
  readMagicByte,
  readOnError,
  readPublicKey,
  readRpcUrl,
  readText,
  wholeNumber,
} from './values.js'
import { deviceSection, marksSection } from './schema-devices.js'
import { accountsSection, ethereumSection } from './schema-ethereum.js'
import { readGroup, readMode, readPathPrefix } from './socket-values.js'

const LEVELS = ' (levels)'
const MILLISECONDS = ' (milliseconds)'

const isMapping = (value: unknown) => typeof value === 'object' && value !== null && !Array.isArray(value)

const chains = z
  .preprocess(
    (value) => (typeof value === 'string' ? [value] : value),
    list(readChain).min(1, { error: 'no chain is listed; name one, or remove the line for the default' }),
  )
  .optional()

const MUTEZ = ' (mutez)'
const mutez = leaf(wholeNumber(0, MAX_MUTEZ, MUTEZ))

const spendWindow = section({
  hours: leaf(wholeNumber(1, MAX_WINDOW_HOURS, ' (hours)')).unwrap(),
  max_mutez: mutez.unwrap(),
  max_fee_mutez: mutez,
})

const transactions = section({
  destinations: list(readDestination).optional(),
  max_mutez: mutez,
  max_fee_mutez: mutez,
  entrypoints: list(readEntrypoint).optional(),
  spend_windows: z
    .preprocess((value) => (isMapping(value) ? [value] : value), sections(spendWindow))
    .optional(),
})

const hours = section({
  from: leaf(readTimeOfDay).unwrap(),
  to: leaf(readTimeOfDay).unwrap(),
  days: list(readWeekday)
    .min(1, { error: 'no day is listed; name one, or remove the line for every day' })
    .optional(),
  zone: leaf(readZone),
})

const signingKey = section({
  devices: oneOrMore(readText),
  curve_alias: leaf(wholeNumber(1, 3)),
  allowed_ops: list(readMagicByte).optional(),
  auth_req: leaf(readBoolean),
  auth_prefix: leaf(readText),
  public_key: leaf(readPublicKey),
  chains,
  allow: list(readKind).optional(),
  hook: section({
    url: leaf(readHookUrl),
    timeout_ms: leaf(wholeNumber(50, 10_000, MILLISECONDS)),
    on_error: leaf(readOnError),
    public_key: leaf(readPublicKey),
    kinds: list(readHookKind)
      .min(1, { error: 'lists nothing; name what it is asked about, or remove the line for everything' })
      .optional(),
  }).nullish(),
  clients: list(readText)
    .min(1, { error: 'lists nobody; name who may ask, or remove the line for whoever is authenticated' })
    .optional(),
  transactions: transactions.optional(),
  per_minute: leaf(wholeNumber(1, 6000)),
  hours: hours.optional(),
})

const client = section({
  public_key: leaf(readAuthenticationKey),
  certificate: leaf(readCertificateName),
  token_file: leaf(readFilePath),
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
      verify: leaf(readVerify),
      devices: oneOrMore(readText),
    }).nullish(),
    authorized_keys: list(readAuthenticationKey).optional(),
    clients: table(client).nullish(),
  }).nullish(),
  device: section({
    port: leaf(readDevicePort),
    serial_number: leaf(readText),
    timeout_ms: leaf(wholeNumber(200, 10_000, MILLISECONDS)),
  }).nullish(),
  devices: table(deviceSection).optional(),
  failover: section({ return_after_s: leaf(wholeNumber(1, 86_400, ' (seconds)')) }).nullish(),
  server: section({
    listen: leaf(readListenAddress),
    unix: unixSocket,
    tcp: leaf(readListenAddress),
    path_prefix: leaf(readPathPrefix),
    allowed_hosts: list(readHostName).optional(),
    known_keys: leaf(readBoolean),
    queue_timeout_ms: leaf(wholeNumber(100, 30_000, MILLISECONDS)),
    trusted_proxies: list(readAddressRange).optional(),
    tls: section({
      cert: leaf(readFilePath),
      key: leaf(readFilePath),
      client_ca: leaf(readFilePath),
    }).nullish(),
    token_header: leaf(readTokenHeader),
  }).nullish(),
  admin: section({ listen: leaf(readListenAddress) }).nullish(),
  chains,
  marks: marksSection.nullish(),
  head_check: section({
    rpc: leaf(readRpcUrl),
    max_ahead: leaf(wholeNumber(1, 100, LEVELS)),
    max_behind: leaf(wholeNumber(1, 14_400, LEVELS)),
    on_error: leaf(readOnError),
  }).nullish(),
  state_dir: leaf(readFolder),
  ethereum: ethereumSection.optional(),
  accounts: accountsSection.optional(),
})

/** What the file says, value by value. */
export type FileContents = z.infer<typeof fileSchema>

/** One signing key's entry. */
export type SigningKeyEntry = z.infer<typeof signingKey>

/** One device's entry. */
export type DeviceEntry = z.infer<typeof deviceSection>

/** The section of the Ethereum jobs. */
export type EthereumEntry = z.infer<typeof ethereumSection>

/** The section of managed accounts. */
export type AccountsEntry = z.infer<typeof accountsSection>

/** One client's entry. */
export type ClientEntry = z.infer<typeof client>

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
  if (schema instanceof z.ZodArray) return keysAt(schema.element, rest)
  if (schema instanceof z.ZodRecord) return keysAt(schema.valueType, rest)
  if (!(schema instanceof z.ZodObject)) return []
  return step === undefined ? Object.keys(schema.shape) : keysAt(schema.shape[String(step)], rest)
}
