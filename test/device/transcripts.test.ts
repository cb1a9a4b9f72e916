import { describe, expect, it } from 'vitest'
import { CURVE_OF_ALIAS } from '../../src/device/index.js'
import { refusalError } from '../../src/device/device-error.js'
import {
  getPublicKey,
  KEY_FORMAT,
  MODE,
  OPCODE,
  scanReply,
  sign,
  splitBody,
  verify,
  type KeyAlias,
} from '../../src/device/tezio/index.js'
import {
  decodePublicKey,
  decodeSignature,
  parsePublicKeyHash,
  payloadDigest,
  publicKeyFromRaw,
  publicKeyHash,
  verifySignature,
  type PublicKey,
} from '../../src/tezos/index.js'
import { bytes, transcriptKeys, transcripts, type Transcript } from './support.js'

const text = (body: Uint8Array) => new TextDecoder().decode(body)
const keys = transcriptKeys()
const publicKeys: Record<KeyAlias, PublicKey> = {
  0: keys.auth.publicKey,
  1: keys.ed25519.publicKey,
  2: keys.secp256k1.publicKey,
  3: keys.p256.publicKey,
}

function replyBody({ reply }: Transcript): Uint8Array {
  const scan = scanReply(bytes(reply!))
  if (scan.kind !== 'reply') throw new Error(`not a reply: ${scan.kind}`)
  expect(scan.size).toBe(reply!.length / 2)
  return scan.body
}

function commandOf(transcript: Transcript) {
  return splitBody(bytes(transcript.send).slice(3, -2))
}

/** A recorded refusal, as the error that the driver would throw. */
function namedError(transcript: Transcript) {
  const command = commandOf(transcript).opcode === OPCODE.sign ? sign : getPublicKey
  const answer = command.decode(replyBody(transcript))
  if (answer.kind !== 'refusal') throw new Error(`not a refusal: ${answer.kind}`)
  return refusalError(command.name, answer.status, answer.statusByte)
}

const isVerdict = (transcript: Transcript) => /^0[01]$/.test(transcript.body ?? '')
const refusals = transcripts.filter(
  ({ body, ...rest }) => body?.length === 2 && !isVerdict({ body, ...rest }),
)
const whole = transcripts.filter(({ name }) => !/noise|after errors/.test(name))

describe('the driver understands what the real firmware answered', () => {
  it.each(refusals)('$name is refused by name', (transcript) => {
    const error = namedError(transcript)
    expect(error.sent).toBe(true)
    const code = { b8: 'device-policy', d4: 'device-watermark' }[transcript.body!] ?? 'device-refused'
    expect(error.code).toBe(code)
    expect(error.status).not.toBe('unknown')
  })

  it.each(whole.filter((one) => commandOf(one).opcode === OPCODE.getPublicKey && one.body!.length > 2))(
    '$name is the key',
    (transcript) => {
      const { param1, param2 } = commandOf(transcript)
      const body = replyBody(transcript)
      const key = publicKeys[param1 as KeyAlias]
      switch (param2) {
        case KEY_FORMAT.raw: {
          const answer = getPublicKey.decode(body)
          if (answer.kind !== 'value') throw new Error(answer.kind)
          expect(publicKeyFromRaw(CURVE_OF_ALIAS[param1 as KeyAlias], answer.value)).toEqual(key)
          break
        }
        case KEY_FORMAT.compressed:
          expect(body).toEqual(key.bytes)
          break
        case KEY_FORMAT.base58check:
          expect(decodePublicKey(text(body))).toEqual(key)
          break
        default:
          expect(parsePublicKeyHash(text(body))).toBe(publicKeyHash(key))
      }
    },
  )

  it.each(whole.filter((one) => commandOf(one).opcode === OPCODE.sign && one.body!.length > 2))(
    '$name is a signature',
    (transcript) => {
      const { param1, param2, data } = commandOf(transcript)
      const body = replyBody(transcript)
      const key = publicKeys[param1 as KeyAlias]
      const isRaw = param2 === MODE.messageRaw || param2 === MODE.prehashedRaw
      const answer = isRaw ? sign.decode(body) : undefined
      const signature = answer?.kind === 'value' ? answer.value : decodeSignature(key.curve, text(body))!
      if (param2 === MODE.defaultSignature) {
        expect(signature).toEqual(new Uint8Array(64))
      } else {
        const isDigest = param2 === MODE.prehashedRaw || param2 === MODE.prehashedBase58
        expect(verifySignature(key, isDigest ? data! : payloadDigest(data!), signature)).toBe(true)
      }
    },
  )

  it.each(transcripts.filter(isVerdict))('$name is a verdict', (transcript) => {
    expect(verify.decode(replyBody(transcript))).toEqual({ kind: 'value', value: transcript.body === '01' })
  })
})

describe('the driver asks as the recorded host did', () => {
  it('for a raw key, a raw signature and a verdict', () => {
    const sent = new Set(whole.map(({ send }) => send.slice(6, -4)))
    const recorded = whole.find(({ name }) => name === 'verify p256 mode 3 good')!
    const { data } = commandOf(recorded)
    const message = data!.slice(0, -64)
    const request = { alias: 3, message, signature: data!.slice(-64) } as const
    const hex = (body: Uint8Array) => Buffer.from(body).toString('hex')
    expect(sent).toContain(hex(getPublicKey.encode({ alias: 3 })))
    expect(sent).toContain(hex(sign.encode({ alias: 3, message })))
    expect(sent).toContain(hex(verify.encode(request)))
  })

  it('and never sends a message that is empty or longer than 1015 bytes', () => {
    expect(() => sign.encode({ alias: 3, message: new Uint8Array() })).toThrow(RangeError)
    expect(() => sign.encode({ alias: 3, message: new Uint8Array(1016) })).toThrow(/1 to 1015/)
    expect(sign.encode({ alias: 3, message: new Uint8Array(1015) })).toHaveLength(1020)
    const signature = new Uint8Array(64)
    expect(() => verify.encode({ alias: 3, message: new Uint8Array(952), signature })).toThrow(/1 to 951/)
  })
})
