import { deserialize, serialize } from 'bson'
import { describe, expect, it } from 'vitest'
import { bodyMediaType, mediaTypeFor } from '../../../src/server/media/media-type.js'
import { decodeRootText, encodeBson, encodeRootText } from '../../../src/server/media/root-bson.js'
import { replyBody } from '../../../src/server/media/reply-body.js'
import {
  encodePublicKey,
  encodeSignature,
  fromHex,
  parsePublicKeyHash,
  toHex,
} from '../../../src/tezos/index.js'

const OCTEZ = 'application/json;q=1,application/bson;q=0.100,application/octet-stream;q=0.200'
const [JSON_TYPE, BSON, OCTETS] = ['application/json', 'application/bson', 'application/octet-stream']
const bytes = (hex: string) => fromHex(hex.replaceAll(' ', ''))!

describe('an Accept header', () => {
  it.each([
    [undefined, JSON_TYPE],
    ['', JSON_TYPE],
    ['*/*', JSON_TYPE],
    [OCTEZ, JSON_TYPE],
    ['text/html,application/xhtml+xml,*/*;q=0.8', JSON_TYPE],
    ['text/plain', JSON_TYPE],
    ['application/bson', BSON],
    ['application/octet-stream', OCTETS],
    ['Application/BSON', BSON],
    ['application/bson;q=0.1, application/octet-stream;q=0.2', OCTETS],
    ['application/octet-stream;q=0.2, application/bson;q=0.2', BSON],
    ['application/bson, application/json;q=0.9', BSON],
    ['application/bson;q=0.5, */*;q=0.4', BSON],
    ['application/json;q=0, */*', BSON],
    ['application/json;q=0, application/bson;q=0, application/*', OCTETS],
    ['application/json;q=0', JSON_TYPE],
    ['application/*;q=0.3, application/octet-stream', OCTETS],
    ['application/bson;q=0', JSON_TYPE],
    ['a/b;q=1;;;,,,"', JSON_TYPE],
  ])('%s is answered in %s', (accept, media) => {
    expect(mediaTypeFor(accept)).toBe(media)
  })
})

describe('a Content-Type', () => {
  it.each([
    [undefined, JSON_TYPE],
    ['application/json; charset=utf-8', JSON_TYPE],
    ['Application/BSON ;x=y', BSON],
    ['application/octet-stream', OCTETS],
    ['text/plain', undefined],
    ['', undefined],
    ['application/json, application/bson', undefined],
  ])('%s is read as %s', (type, media) => {
    expect(bodyMediaType(type)).toBe(media)
  })
})

describe('BSON with a text at its root', () => {
  // measured with Octez' own library: ten bytes to sign, in hex
  const EXAMPLE = `1f000000 82 15000000 ${toHex(new TextEncoder().encode('00112233445566778899'))} 00 00`

  it('is what Octez writes, byte for byte', () => {
    expect(toHex(encodeRootText('00112233445566778899'))).toBe(EXAMPLE.replaceAll(' ', ''))
    expect(decodeRootText(bytes(EXAMPLE))).toBe('00112233445566778899')
  })

  it.each([
    ['nothing', ''],
    ['an empty document', '0500000000'],
    ['ordinary BSON of the same text', toHex(serialize({ '': '03ab' }))],
    ['an object', toHex(serialize({ data: '03ab' }))],
    ['another size', EXAMPLE.replace('1f', '1e')],
    ['a byte more', `${EXAMPLE}00`],
    ['a byte less', EXAMPLE.slice(0, -2)],
    ['a text that says it is longer', EXAMPLE.replace(' 15', ' 16')],
    ['a text of 4 GB', EXAMPLE.replace('15000000', 'ffffffff')],
    ['a text without its zero', `0e000000 82 05000000 30336162 01 00`],
    ['two texts', `18000000 82 05000000 30336162 00 02 6100 01000000 00 00`],
    ['a number', '0e000000 81 0000000000000000 00'],
    ['text that is not UTF-8', '0c000000 82 02000000 ff 00 00'],
  ])('is not %s', (_name, hex) => {
    expect(decodeRootText(bytes(hex))).toBeUndefined()
  })
})

const KEY = parsePublicKeyHash('tz3jKsrLgvfJWNjbxd1D5bv1Qy8VjtJgNkVn')!
const PUBLIC_KEY = 'p2pk66tej1sH5x3q6nKJPRQzrwdNLZaEJ7pxJF6PqxFnDtnoLwxASPC'
const PKH = '02fc42be07e9e7bc9f6cd1767fd794684de9164e7f'
const SIGNATURE = encodeSignature('p256', new Uint8Array(64).fill(0xcc))

describe('a reply as octet-stream has the layout of octez-signer:', () => {
  const octets = (reply: Parameters<typeof replyBody>[0]) =>
    toHex(replyBody(reply, 'application/octet-stream'))

  it.each([
    ['no authorized keys', { kind: 'authorized-keys', keys: undefined }, '0000000100'],
    ['one authorized key', { kind: 'authorized-keys', keys: [KEY] }, `0000001aff00000015${PKH}`],
    ['known keys', { kind: 'known-keys', keys: [KEY] }, `0000001900000015${PKH}`],
    ['a signature', { kind: 'signature', signature: SIGNATURE }, `00000040${'cc'.repeat(64)}`],
    [
      'a public key',
      { kind: 'public-key', publicKey: PUBLIC_KEY },
      '000000220203315f70a6ad19fd18316ffdc918adb8d66173b572c86190534abd4ba4c67860dd',
    ],
  ] as const)('%s', (_name, reply, hex) => {
    expect(octets(reply)).toBe(hex)
  })

  it('an error is a list in BSON behind two lengths', () => {
    const whole = octets({ kind: 'refusal', refusal: { code: 'unknown-key', message: 'x' } })
    const document = bytes(whole.slice(16))
    expect(whole.slice(0, 16)).toBe(
      [document.length + 4, document.length].map((size) => size.toString(16).padStart(8, '0')).join(''),
    )
    expect(deserialize(document)).toEqual({
      0: { kind: 'temporary', id: 'failure', msg: 'unknown-key: x' },
    })
  })
})

it('a reply as BSON is the same object as in JSON', () => {
  for (const reply of [
    { kind: 'signature', signature: SIGNATURE },
    { kind: 'public-key', publicKey: encodePublicKey({ curve: 'ed25519', bytes: new Uint8Array(32) }) },
    { kind: 'authorized-keys', keys: undefined },
    { kind: 'authorized-keys', keys: [KEY] },
    { kind: 'known-keys', keys: [] },
  ] as const) {
    const json: unknown = JSON.parse(new TextDecoder().decode(replyBody(reply, 'application/json')))
    expect(deserialize(replyBody(reply, 'application/bson'))).toEqual(json)
  }
  expect(toHex(encodeBson({}))).toBe('0500000000')
})
