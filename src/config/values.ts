import { isIP } from 'node:net'
import { posix } from 'node:path'
import {
  CHAIN_NAMES,
  decodePublicKey,
  hexByte,
  OPERATION_KINDS,
  STAKING_KINDS,
  VOTE_KINDS,
  parseChainId,
  type ChainId,
  type PublicKey,
} from '../tezos/index.js'
import { refused, show, suggestion, type Refused } from './findings.js'

/** What a key's `allow` may list: the kinds with a mark, Michelson data, and the operations by their protocol names. */
export const ALLOWED_KINDS: readonly string[] = [
  ...['block', 'preattestation', 'attestation', 'michelson_data'],
  ...OPERATION_KINDS.filter((kind) => !VOTE_KINDS.includes(kind)),
  ...['ballot:yay', 'ballot:nay', 'ballot:pass', ...STAKING_KINDS],
]

/** Another name that `allow` takes, and the one it stands for. */
const MICHELSON = { also: 'michelson', means: 'michelson_data' }

/** The largest level or round there is: both are int32 and not negative. */
export const MAX_LEVEL = 0x7fff_ffff

/** How a node's URL is written, for messages. */
export const RPC_EXAMPLE = 'write it like http://127.0.0.1:8732'

/** `true` or `false`. */
export function readBoolean(value: unknown): boolean | Refused {
  return typeof value === 'boolean' ? value : refused(`${show(value)} is not a switch; write true or false`)
}

/** A reader of whole numbers from `min` to `max`; `unit` ends the sentence that names the limit. */
export function wholeNumber(min: number, max: number, unit = ''): (value: unknown) => number | Refused {
  return (value) => {
    if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max) return value
    return refused(
      `${show(value)} is not a whole number from ${min} to ${max}${unit}; choose one in that range`,
    )
  }
}

/** The authentication key's only place on the device. */
export function readAuthenticationAlias(value: unknown): 0 | Refused {
  if (value === 0) return 0
  return refused(
    `${show(value)} is not the authentication key's place, which is 0; write 0, or remove the line`,
  )
}

/** Text that is not empty. */
export function readText(value: unknown): string | Refused {
  if (typeof value === 'string' && value !== '' && !value.includes('\0')) return value
  return refused(`${show(value)} is not text; write it in quotes, or remove the line`)
}

/** An address as text; empty and absent text mean that there is none. */
export function readAddressText(value: unknown): string | Refused {
  if (value === null) return ''
  return typeof value === 'string' ? value : refused(`${show(value)} is not an address; write it in quotes`)
}

/** `auto`, an absolute device path, or a Windows port name. */
export function readDevicePort(value: unknown): string | Refused {
  const fits =
    typeof value === 'string' &&
    !value.includes('\0') &&
    (value === 'auto' || posix.isAbsolute(value) || /^(?:\\\\\.\\)?COM\d{1,3}$/i.test(value))
  if (fits) return value
  return refused(`${show(value)} is not a port; write auto, or an absolute path like /dev/ttyACM0`)
}

/** A folder's path; `~` is the shell's to expand. */
export function readFolder(value: unknown): string | Refused {
  const text = readText(value)
  if (typeof text === 'string' && !text.startsWith('~')) return text
  return refused(
    `${show(value)} is not a folder's path; write an absolute path, or one relative to this file`,
  )
}

/** A host name or IP address without port, in lower case. */
export function readHostName(value: unknown): string | Refused {
  const isName = typeof value === 'string' && /^[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*$/i.test(value)
  if (typeof value === 'string' && (isName || isIP(value) !== 0)) return value.toLowerCase()
  return refused(
    `${show(value)} is not a host name; write it like signer.example.org, without scheme and port`,
  )
}

/** A chain's known name or `NetX...` id. */
export function readChain(value: unknown): ChainId | Refused {
  const id = typeof value === 'string' ? parseChainId(value) : undefined
  const close = typeof value === 'string' ? suggestion(value, CHAIN_NAMES) : ''
  const names = CHAIN_NAMES.join(', ')
  return id ?? refused(`${show(value)} is not a chain${close}; write ${names} or the chain's NetX... id`)
}

/** The first byte of payloads, 0 to 255, as a number or as `'0x03'`. */
export function readMagicByte(value: unknown): number | Refused {
  const byte = typeof value === 'string' && /^0x[0-9a-f]{1,2}$/i.test(value) ? Number(value) : value
  if (typeof byte === 'number' && Number.isInteger(byte) && byte >= 0 && byte <= 0xff) return byte
  return refused(`${show(value)} is not a byte; write one from ${hexByte(0)} to ${hexByte(0xff)}`)
}

/** A kind of payload by name. */
export function readKind(value: unknown): string | Refused {
  if (typeof value === 'string' && ALLOWED_KINDS.includes(value)) return value
  if (value === MICHELSON.also) return MICHELSON.means
  const close = typeof value === 'string' ? suggestion(value, ALLOWED_KINDS) : ''
  return refused(`${show(value)} is not a kind of payload${close}; docs/config.md lists them`)
}

/** An `edpk`, `sppk` or `p2pk` public key. */
export function readPublicKey(value: unknown): PublicKey | Refused {
  const key = typeof value === 'string' ? decodePublicKey(value) : undefined
  return (
    key ??
    refused(`${show(value)} is not a public key (edpk, sppk or p2pk) with a right checksum; copy it again`)
  )
}

/** How far a level may jump; YAML 1.1 reads a plain `off` as false. */
export function readLevelGap(value: unknown): number | 'off' | Refused {
  if (value === 'off' || value === false) return 'off'
  if (typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= MAX_LEVEL) return value
  return refused(`${show(value)} is not a number of levels from 1 to ${MAX_LEVEL}; write one, or off`)
}

/** A URL that a request can go to; `example` ends the sentence of a refusal. What it holds is not shown: it may be a secret. */
export function readUrl(value: unknown, example: string): URL | Refused {
  const isUrl = typeof value === 'string' && /^https?:\/\//i.test(value) && URL.canParse(value)
  if (!isUrl) return refused(`is not an http or https URL; ${example}`)
  const url = new URL(value)
  if (url.username !== '' || url.password !== '') {
    return refused(`holds a user name or a password, which are not sent; ${example}`)
  }
  return /[?#]/.test(value) ? refused(`holds a query or a fragment; end it behind the path: ${example}`) : url
}

/** A node's URL, in canonical form without a slash at its end. */
export function readRpcUrl(value: unknown): string | Refused {
  const url = readUrl(value, RPC_EXAMPLE)
  if (!(url instanceof URL)) return url
  return `${url.protocol}//${url.host}${url.pathname.replace(/\/+$/, '')}`
}

/** What becomes of a request while the node does not tell its head. */
export function readOnError(value: unknown): 'allow' | 'refuse' | Refused {
  if (value === 'allow' || value === 'refuse') return value
  return refused(`${show(value)} is neither allow nor refuse; write one of them`)
}
