import { z } from 'zod'
import type { Curve } from '../../tezos/index.js'

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
