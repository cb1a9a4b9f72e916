import { z } from 'zod'
import { parseEthAddress, ZERO_ADDRESS, type EthAddress } from '../ethereum/index.js'
import { parseStrictJson } from '../strict-json.js'
import { refuse, type EthRefusal } from './eth-refusal.js'

/** What comes of reading a request. */
export type Read<Request> = { readonly outcome: 'read'; readonly request: Request } | EthRefusal

/** Whether a whole number may also be a JSON number, as far as that is exact. */
type Written = 'as-text' | 'as-either'

const UINT256 = (1n << 256n) - 1n

/** The largest chain id that fits into a legacy transaction's `v` in all wallets (EIP-2294). */
export const MAX_CHAIN_ID = 4_503_599_627_370_476n
/** The largest nonce that a transaction can have (EIP-2681). */
export const MAX_NONCE = (1n << 64n) - 2n
/** The largest user id of a claim: it is a uint32. */
export const MAX_USER_ID = (1n << 32n) - 1n

/** A value of a JSON text in a message: at most its first 60 characters. */
export const show = (value: unknown): string =>
  (value === undefined ? 'nothing' : JSON.stringify(value)).slice(0, 60)

/** A field that `read` makes a value of, or a sentence that says what is wrong. */
function field<Value>(read: (value: unknown) => { readonly value: Value } | string) {
  return z.unknown().transform((given, context) => {
    const result = given === undefined ? 'is missing' : read(given)
    if (typeof result !== 'string') return result.value
    context.issues.push({ code: 'custom', message: result, input: given })
    return z.NEVER
  })
}

/** A whole number from 0 to `max`, in decimal digits without leading zeros. */
export function whole(written: Written, max = UINT256) {
  const how =
    written === 'as-text'
      ? 'decimal digits in quotes, without leading zeros'
      : 'decimal digits without leading zeros, in quotes if there are more than 15'
  return field((value) => {
    const text = written === 'as-either' && typeof value === 'number' ? String(value) : value
    if (typeof text !== 'string' || !/^(?:0|[1-9]\d{0,77})$/.test(text)) {
      return `is ${show(value)}, which is no whole number; write ${how}`
    }
    return BigInt(text) <= max ? { value: BigInt(text) } : `is ${text}; it can be at most ${max}`
  })
}

/** An address of somebody. */
export const address = field<EthAddress>((value) => {
  const parsed = typeof value === 'string' ? parseEthAddress(value) : undefined
  if (parsed === undefined) {
    return `is ${show(value)}, which is no address; write 0x and 40 hex digits, in lower case or with the checksum of EIP-55`
  }
  return parsed === ZERO_ADDRESS ? 'is the zero address, which is nobody; name somebody' : { value: parsed }
})

/** true or false. */
export const flag = field((value) =>
  typeof value === 'boolean' ? { value } : `is ${show(value)}; write true or false`,
)

/** The bytes of a JSON text as `schema` wants them (rule E2). */
export function readBody<Request>(body: Uint8Array, schema: z.ZodType<Request>): Read<Request> {
  const text = readText(body)
  if (text === undefined) return refuse('malformed-request', 'the body is no UTF-8 text; send JSON', 'E2')
  const json = parseStrictJson(text, { numbers: 'whole' })
  if (json.problem !== undefined) return refuse('malformed-request', `the body: ${json.problem}`, 'E2')
  const parsed = schema.safeParse(json.value)
  if (parsed.success) return { outcome: 'read', request: parsed.data }
  return refuse('malformed-request', parsed.error.issues.map(describe).join('; ').slice(0, 500), 'E2')
}

/** The text of bytes that are UTF-8 all through. */
export function readText(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return undefined
  }
}

function describe(issue: z.core.$ZodIssue): string {
  if (issue.code === 'unrecognized_keys') {
    return `${issue.keys.map(show).join(', ')} is no field of this request; remove it`
  }
  return issue.path.length === 0 ? 'the body is no JSON object' : `${issue.path.join('.')} ${issue.message}`
}
