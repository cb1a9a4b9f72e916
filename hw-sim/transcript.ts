import { z } from 'zod'
import { fromHex } from '../src/tezos/index.js'
import type { KeyAlias } from '../src/device/tezio/index.js'
import { ALIASES, KEY_NAMES, CURVE_OF, type KeyName } from './device-key.js'
import { keysFromSecrets, type DeviceKeys } from './device-keys.js'

/** One recorded exchange; bytes are lower-case hex. */
export type TranscriptCase = {
  readonly name: string
  /** All the host sent, prefix and noise included. */
  readonly send: string
  /** All that came back, frame included; `null` when nothing arrived. */
  readonly reply: string | null
  /** The reply's body, when the reply was one whole frame. */
  readonly body: string | null
  /** `exact`: these bytes. `signature:ALIAS:MODE`: a signature of the message sent, which verifies. */
  readonly match: string
  readonly note?: string
  /** The device was restarted just before this exchange, so that its marks were gone. */
  readonly restart?: true
}

/** A recording: the format of test/vectors/tezio-transcripts.json. */
export type TranscriptFile = {
  readonly about: string
  readonly device: string
  readonly baud: number
  /** Secret keys in hex under the labels of `keyLabel`; only in recordings that were asked to hold them. */
  readonly keys?: Readonly<Record<string, string>>
  /** The public keys in base58check, under the same labels. */
  readonly public_keys?: Readonly<Record<string, string>>
  readonly cases: readonly TranscriptCase[]
}

/** A recording that cannot be read (`not-a-transcript`) or whose keys are none (`bad-keys`). */
export class TranscriptError extends Error {
  override readonly name = 'TranscriptError'
  readonly code: 'not-a-transcript' | 'bad-keys'

  constructor(code: 'not-a-transcript' | 'bad-keys', message: string) {
    super(message)
    this.code = code
  }
}

const hex = z.string().regex(/^(?:[0-9a-f]{2})*$/, 'expected lower-case hex')

const caseSchema = z.strictObject({
  name: z.string(),
  send: hex,
  reply: hex.nullable(),
  body: hex.nullable(),
  match: z.string().regex(/^(?:exact|signature:[0-3]:[1-4])$/, 'expected exact or signature:ALIAS:MODE'),
  note: z.string().exactOptional(),
  restart: z.literal(true).exactOptional(),
})

const fileSchema = z.strictObject({
  about: z.string(),
  device: z.string(),
  baud: z.int().positive(),
  keys: z.record(z.string(), z.string()).exactOptional(),
  public_keys: z.record(z.string(), z.string()).exactOptional(),
  cases: z.array(caseSchema),
})

/** A recording from its JSON text. Throws a TranscriptError that names `file` and the place. */
export function parseTranscript(text: string, file: string): TranscriptFile {
  const result = fileSchema.safeParse(parseJson(text, file))
  if (result.success) return result.data
  const [issue] = result.error.issues
  const place = issue === undefined ? '' : `${issue.path.join('.')}: ${issue.message}`
  throw new TranscriptError('not-a-transcript', `${file}: not a transcript: ${place}`)
}

/** What a key is called in a recording: its alias, its name, and the curve where the name does not say it. */
export function keyLabel(name: KeyName): string {
  return `${KEY_NAMES.indexOf(name)} ${name === 'auth' ? `auth ${CURVE_OF[name]}` : name}`
}

/** The secret keys in a recording; `undefined` when it holds none. Throws a TranscriptError (`bad-keys`). */
export function keysOfTranscript({ keys }: TranscriptFile): DeviceKeys | undefined {
  if (keys === undefined) return undefined
  const secret = (name: KeyName) => {
    const bytes = fromHex(keys[keyLabel(name)] ?? '')
    if (bytes?.length !== 32)
      throw new TranscriptError('bad-keys', `key "${keyLabel(name)}": 32 bytes expected`)
    return bytes
  }
  return keysFromSecrets({
    auth: secret('auth'),
    ed25519: secret('ed25519'),
    secp256k1: secret('secp256k1'),
    p256: secret('p256'),
  })
}

/** Whose signature in which mode a case expects; `undefined` when it expects exact bytes. */
export function expectedSignature(recorded: TranscriptCase): { alias: KeyAlias; mode: number } | undefined {
  const [, aliasText, modeText] = recorded.match.split(':')
  const alias = ALIASES.find((known) => String(known) === aliasText)
  return alias === undefined ? undefined : { alias, mode: Number(modeText) }
}

function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new TranscriptError('not-a-transcript', `${file}: not JSON`) // its message could quote a secret
  }
}
