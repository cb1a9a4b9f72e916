import { z } from 'zod'
import type { Curve } from '../../tezos/index.js'
import { isAccountId } from './account-names.js'

/** How the one token is recognised. Slot numbers are no names: modules give them anew. */
export type TokenName = { readonly by: 'label' | 'serial'; readonly value: string }

/** How one private key is recognised on the token. `name` is for messages, `id` is hex. */
export type KeyQuery = {
  readonly name: string
  readonly curve: Curve
  readonly label: string | undefined
  readonly id: string | undefined
}

/** What the process of the module is asked. It answers each request once, and one after the other. */
export type TokenRequest =
  | {
      readonly kind: 'open'
      readonly module: string
      readonly token: TokenName
      readonly pin: string
      readonly keys: readonly KeyQuery[]
    }
  /** `key` is the place in the list of `open`. */
  | { readonly kind: 'sign'; readonly key: number; readonly digest: Uint8Array }
  | OpenAccounts
  | AccountRequest

/** For keys of accounts, in a session that may write, and for nothing else. */
export type OpenAccounts = {
  readonly kind: 'open-accounts'
  readonly module: string
  readonly token: TokenName
  readonly pin: string
}

/** What is asked after `open-accounts`. `id` is the key's CKA_ID, 32 hex digits. */
export type AccountRequest =
  | { readonly kind: 'generate-account'; readonly id: string }
  | { readonly kind: 'find-account'; readonly id: string }
  | { readonly kind: 'label-account'; readonly id: string; readonly label: string }
  | { readonly kind: 'sign-account'; readonly id: string; readonly digest: Uint8Array }
  | { readonly kind: 'list-accounts' }

const bytes = z.custom<Uint8Array>((value) => value instanceof Uint8Array)

const reply = z.discriminatedUnion('kind', [
  /** Not an answer: from now on, until `logged-in` or an answer, the token may be counting a refused PIN. */
  z.object({ kind: z.literal('login-begins') }),
  z.object({ kind: z.literal('logged-in') }),
  z.object({
    kind: z.literal('opened'),
    label: z.string(),
    serial: z.string(),
    /** For each key asked for: the CKA_EC_POINT of every public key object that belongs to it. */
    points: z.array(z.array(bytes)).readonly(),
  }),
  z.object({ kind: z.literal('signed'), signature: bytes }),
  /** The CKA_EC_POINT of an account's key; none where there is no whole key of that id. */
  z.object({ kind: z.literal('account'), point: bytes.optional() }),
  /** `isSet` is false where the token lets no label be changed. */
  z.object({ kind: z.literal('labelled'), isSet: z.boolean() }),
  z.object({ kind: z.literal('accounts'), ids: z.array(z.string().refine(isAccountId)).readonly() }),
  z.object({
    kind: z.literal('failed'),
    code: z.enum([
      'module-failed',
      'token-not-found',
      'token-key-missing',
      'pin-refused',
      'device-lost',
      'device-failed',
      'device-refused',
    ]),
    message: z.string(),
    sent: z.boolean(),
  }),
])

/** What the process of the module says. */
export type TokenReply = z.infer<typeof reply>

/** A reply as it came; `undefined` for what is none: there is a foreign library in that process. */
export function parseReply(value: unknown): TokenReply | undefined {
  return reply.safeParse(value).data
}
