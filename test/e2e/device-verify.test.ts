import { afterEach, describe, expect, test } from 'vitest'
import { SimulatedTezio, systemRandom, type LatencyModel } from '../../hw-sim/index.js'
import {
  concatBytes,
  encodePublicKey,
  encodeSignature,
  parsePublicKeyHash,
  payloadDigest,
  publicKeyHash,
  publicKeyHashBytes,
} from '../../src/tezos/index.js'
import { transcriptKeys } from '../device/support.js'
import { signWith, testKey } from '../policy/fixture.js'
import { START_MS, Target } from './abuse/target.js'
import { ADDRESS, BAKING_CONFIG, sign } from './daemon.js'
import { block } from './payloads.js'

const VERIFY_OPCODE = 0x22
const AUTH = 'tz3QaGkVCH9iVy4Rh7fQJobiQnc4yJpQKoMJ'
const keys = transcriptKeys()
const wallet = testKey('ed25519', 0x41)
const TZ3 = parsePublicKeyHash(ADDRESS.tz3)!

const message = (payload: Uint8Array) =>
  concatBytes(Uint8Array.of(0x04, 0x01), publicKeyHashBytes(TZ3), payload)
const byDevice = (payload: Uint8Array) =>
  encodeSignature('p256', keys.auth.sign(payloadDigest(message(payload)), systemRandom))
const byWallet = (payload: Uint8Array) => encodeSignature('ed25519', signWith(wallet, message(payload)))

/** The board's own key is told to nobody here: what the host does not know it cannot have verified. */
const CONFIG = `${BAKING_CONFIG}  auth_key: { pkh: ${AUTH}, verify: device }
  authorized_keys: [${encodePublicKey(wallet.publicKey)}]
`

/** A board that can be made to say something else to VERIFY, or nothing. */
class JudgingTezio extends SimulatedTezio {
  onVerify: (() => void) | undefined

  override receive(bytes: Uint8Array): void {
    if (this.onVerify === undefined || bytes[3] !== VERIFY_OPCODE) super.receive(bytes)
    else this.onVerify()
  }
}

const targets: Target[] = []
afterEach(async () => {
  for (const target of targets.splice(0)) await target.close()
})

async function started(config = CONFIG, latency: LatencyModel | 'zero' = 'zero') {
  const board = new JudgingTezio({ keys: transcriptKeys(), latency })
  const target = await Target.start(config, board)
  targets.push(target)
  const commands = () => board.log.map(({ name }) => name).filter((name) => name !== 'GET_PK')
  const ask = async (payload: Uint8Array, authentication?: string) => {
    const { status, code } = await sign(target.url, ADDRESS.tz3, payload, authentication)
    return code === undefined ? `${status}` : `${status} ${code}`
  }
  return { target, board, commands, ask }
}

describe('policy.auth_key.verify: device', { timeout: START_MS }, () => {
  test('has the board verify the request, before anything is signed', async () => {
    const { target, commands, ask } = await started()
    const payload = block(1)
    expect(await ask(payload, byDevice(payload))).toBe('200')
    expect(commands()).toEqual(['VERIFY', 'SIGN'])
    expect(await target.daemon.line('signature.decided')).toMatchObject({
      outcome: 'signed',
      client: AUTH,
      admitted: true,
    })
  })

  test('gives a wrong signature nothing: no mark, no SIGN, and not the stored signature either', async () => {
    const { target, commands, ask } = await started()
    const payload = block(1)
    expect(await ask(payload, byDevice(payload))).toBe('200')
    const journal = target.journal
    const before = commands().length
    expect(await ask(payload, byDevice(block(1)))).toBe('401 authentication-invalid')
    expect(await ask(block(2), byDevice(payload))).toBe('401 authentication-invalid')
    // Of another curve it cannot be the board's: nobody is asked.
    expect(await ask(payload, encodeSignature('ed25519', new Uint8Array(64)))).toBe(
      '401 authentication-invalid',
    )
    expect(await ask(payload)).toBe('401 authentication-missing')
    expect(commands().slice(before)).toEqual(['VERIFY', 'VERIFY'])
    expect(target.journal).toEqual(journal)
    const decided = () => target.daemon.lines.filter(({ event }) => event === 'signature.decided')
    await target.daemon.until(() => decided().length === 5)
    const [, refused] = decided()
    expect(refused).toMatchObject({ admitted: false, code: 'authentication-invalid' })
    expect(refused).not.toHaveProperty('verdict')
    expect(refused).not.toHaveProperty('client')
    // The right one gets the stored signature, without another SIGN.
    expect(await ask(payload, byDevice(payload))).toBe('200')
    expect(commands().filter((name) => name === 'SIGN')).toHaveLength(1)
  })

  test('asks the rules of the key once the board has said yes: who may ask, and what is signed', async () => {
    const listed = CONFIG.replace(
      'allowed_ops: [0x03, 0x11, 0x12, 0x13]',
      `allowed_ops: [0x11], clients: [${publicKeyHash(wallet.publicKey)}]`,
    )
    const others = await started(listed)
    const payload = block(1)
    expect(await others.ask(payload, byDevice(payload))).toBe('403 client-not-allowed')
    expect(others.commands()).toEqual(['VERIFY'])
    expect(await others.ask(payload, byWallet(payload))).toBe('200')
    const { commands, ask } = await started(CONFIG.replace('0x03, 0x11, 0x12, 0x13', '0x13'))
    expect(await ask(payload, byDevice(payload))).toBe('403 magic-byte-not-allowed')
    expect(commands()).toEqual(['VERIFY'])
  })

  test('needs no board for the keys that the host verifies', async () => {
    const { target, commands, ask } = await started()
    const payload = block(1)
    expect(await ask(payload, byWallet(payload))).toBe('200')
    expect(commands()).toEqual(['SIGN'])
    const lost = target.daemon.line('device.lost')
    target.bench.port.unplug()
    await lost
    expect(await ask(payload, byWallet(payload))).toBe('200') // stored
    expect(await ask(payload, byDevice(payload))).toBe('500 device-unavailable')
  })

  test('lets nothing through when the board is pulled in the middle of it', async () => {
    const { target, board, ask } = await started()
    const { journal } = target
    board.onVerify = () => {
      target.bench.port.unplug()
    }
    const payload = block(1)
    expect(await ask(payload, byDevice(payload))).toBe('500 device-lost')
    expect(target.journal).toEqual(journal)
    board.onVerify = undefined
    const from = target.daemon.lines.length
    target.bench.port.replug()
    await target.daemon.line('device.ready', from)
    expect(await ask(payload, byDevice(payload))).toBe('200')
  })

  test('lets nothing through when the board says nothing in time, and resynchronises after it', async () => {
    const { target, board, ask } = await started(`device: { timeout_ms: 300 }\n${CONFIG}`)
    const { journal } = target
    board.onVerify = () => undefined
    const payload = block(1)
    expect(await ask(payload, byDevice(payload))).toBe('500 device-timeout')
    expect(target.journal).toEqual(journal)
    board.onVerify = undefined
    expect(await ask(payload, byDevice(payload))).toBe('200')
    expect(await target.daemon.line('device.resynced')).toBeDefined()
  })

  test('a slow board turns others away in time, and they get nothing', async () => {
    const slow = {
      name: 'slow',
      delayMs: ({ name }: { name: string | undefined }) => (name === 'VERIFY' ? 500 : 0),
    }
    const { ask } = await started(CONFIG.replace('server: {', 'server: { queue_timeout_ms: 300,'), slow)
    const payloads = [block(1), block(2)]
    const answers = await Promise.all(payloads.map((payload) => ask(payload, byDevice(payload))))
    expect(answers.sort()).toEqual(['500 deadline-passed', '500 deadline-passed'])
  })

  test('refuses what is longer than the board verifies, and says what to do', async () => {
    const { target, commands } = await started()
    const long = Uint8Array.of(0x05, 0x0a, 0, 0, 0x03, 0xe8, ...new Uint8Array(1000))
    const { status, code } = await sign(target.url, ADDRESS.tz3, long, byDevice(long))
    expect([status, code]).toEqual([400, 'payload-too-long'])
    expect(commands()).toEqual([])
    const line = await target.daemon.line('signature.decided')
    expect(line['reason']).toBe(
      '1006 bytes: the device verifies the authentication of 928 at most; for more, set policy.auth_key.verify to host',
    )
  })
})
