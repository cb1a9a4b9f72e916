import { PROFILE_NAMES, PROFILES, type ProfileName } from '../profile.js'
import { isLoopback } from '../transport/tcp-port.js'
import { UsageError } from './exit.js'
import type { KeySource } from './load-keys.js'

/** A TCP address to listen on. */
export type TcpAddress = { readonly host: string; readonly port: number }

/** One device to simulate, as the arguments describe it; files are not read yet. */
export type DevicePlan = KeySource & {
  readonly name: string
  readonly link?: string
  readonly tcp?: TcpAddress
  readonly profile: ProfileName
  /** `zero`, `board` or a file. */
  readonly latency: string
  readonly scenario?: string
  readonly record?: string
  /** A file with what the device may sign for Ethereum. */
  readonly ethPolicy?: string
}

const NAME = /^[A-Za-z0-9_-]{1,32}$/
const FIELDS = [
  'name',
  'link',
  'tcp',
  'keys',
  'mnemonic-file',
  'profile',
  'latency',
  'scenario',
  'record',
  'eth-policy',
] as const
type Field = (typeof FIELDS)[number]

/** The profile of a name. Throws a UsageError. */
export function parseProfile(text: string): ProfileName {
  const profile = PROFILE_NAMES.find((known) => known === text)
  if (profile !== undefined) return profile
  throw new UsageError(`profile ${text}: Allowed choices are ${PROFILE_NAMES.join(', ')}.`)
}

/**
 * `HOST:PORT` with an IP address, an IPv6 one in brackets. Throws a UsageError, also for an address that other
 * machines reach unless `anyHost`.
 */
export function parseTcpAddress(text: string, anyHost: boolean): TcpAddress {
  const [, six, four, digits = ''] =
    /^(?:\[([0-9a-fA-F:.]+)\]|(\d+\.\d+\.\d+\.\d+)):(\d{1,5})$/.exec(text) ?? []
  const host = six ?? four
  const port = Number(digits)
  if (host === undefined || port > 65_535) {
    throw new UsageError(`${text}: HOST:PORT expected, with an IP address, such as 127.0.0.1:0`)
  }
  if (!isLoopback(host) && !anyHost) {
    throw new UsageError(`${text}: other machines could sign with these keys; --tcp-any allows it`)
  }
  return { host, port }
}

/**
 * The device that `--device` describes: `key=value` pairs with commas between them; no value holds a comma. `number`
 * counts from 1 and names a device that has no name. Throws a UsageError.
 */
export function parseDevicePlan(text: string, number: number, anyHost: boolean): DevicePlan {
  const fields = new Map<Field, string>()
  for (const pair of text.split(',')) {
    const at = pair.indexOf('=')
    const field = FIELDS.find((known) => known === pair.slice(0, at))
    if (at === -1 || field === undefined) {
      throw new UsageError(`--device ${pair}: KEY=VALUE expected, with a key of ${FIELDS.join(', ')}`)
    }
    if (fields.has(field)) throw new UsageError(`--device: ${field} is given twice`)
    fields.set(field, pair.slice(at + 1))
  }
  const tcp = fields.get('tcp')
  return {
    name: fields.get('name') ?? `tezio${number}`,
    ...optional('link', fields.get('link')),
    ...(tcp === undefined ? {} : { tcp: parseTcpAddress(tcp, anyHost) }),
    ...optional('keys', fields.get('keys')),
    ...optional('mnemonicFile', fields.get('mnemonic-file')),
    profile: parseProfile(fields.get('profile') ?? 'stock'),
    latency: fields.get('latency') ?? 'zero',
    ...optional('scenario', fields.get('scenario')),
    ...optional('record', fields.get('record')),
    ...optional('ethPolicy', fields.get('eth-policy')),
  }
}

/** Throws a UsageError when devices cannot be told apart, or one contradicts itself. */
export function checkPlans(plans: readonly DevicePlan[]): void {
  for (const plan of plans) {
    const { name, link, tcp, keys, mnemonicFile, ethPolicy, profile } = plan
    if (!NAME.test(name)) throw new UsageError(`name ${name}: 1 to 32 letters, digits, - and _ expected`)
    if (link !== undefined && tcp !== undefined) {
      throw new UsageError('link and tcp cannot be used with each other: a device has one cable')
    }
    if (keys !== undefined && mnemonicFile !== undefined) {
      throw new UsageError('keys and mnemonic-file cannot be used with each other')
    }
    checkEthPolicy(ethPolicy, profile)
  }
  refuseRepeated('name', plans, ({ name }) => name)
  refuseRepeated('link', plans, ({ link }) => link)
  refuseRepeated('record', plans, ({ record }) => record)
}

/** Throws a UsageError for a policy that the profile has no use for. */
export function checkEthPolicy(file: string | undefined, profile: ProfileName): void {
  if (file === undefined || PROFILES[profile].signsEthereum) return
  throw new UsageError(`eth-policy needs profile eth: profile ${profile} signs nothing for Ethereum`)
}

function refuseRepeated(
  what: string,
  plans: readonly DevicePlan[],
  valueOf: (plan: DevicePlan) => string | undefined,
): void {
  const seen = new Set<string>()
  for (const plan of plans) {
    const value = valueOf(plan)
    if (value === undefined) continue
    if (seen.has(value)) throw new UsageError(`two devices have the ${what} ${value}`)
    seen.add(value)
  }
}

/** A property that is left out when it has no value. */
export function optional<Key extends string>(key: Key, value: string | undefined): { [K in Key]?: string } {
  return value === undefined ? {} : ({ [key]: value } as { [K in Key]: string })
}
