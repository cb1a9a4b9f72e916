import { Transaction } from 'ethers'
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest'
import { golden } from '../../ethereum/golden.js'
import { INSTALL_TIMEOUT_MS, whyMissing } from '../../debian-package.js'
import type { Daemon } from '../daemon.js'
import { PAYEE } from './eth-bench.js'
import { ethSignatures } from './eth-board.js'
import { OLD_GAS_PRICE, oldBench, send, SIGNER } from './old-clients/old-bench.js'
import { runClient } from './old-clients/run-client.js'

let old: Awaited<ReturnType<typeof oldBench>>
let url: string
let daemon: Daemon
let missing: string
beforeAll(async () => {
  missing = whyMissing('python3')
  old = await oldBench()
  ;({ url, daemon } = await old.bench.started())
}, INSTALL_TIMEOUT_MS)
afterAll(async () => {
  await old.close()
})

const ETHER = 10n ** 18n
/** What the vectors' transfer of the old service asks for. */
const FIRST = `{"destination": "${PAYEE}", "wei": "${ETHER}", "nonce": 0}`
const SIGNED = { status: 'ok', message: 'Transaction successfully signed' }

const ask = (body: unknown) => send(`${url}/sign`, typeof body === 'string' ? body : JSON.stringify(body))

/** The transaction of an answer in the old envelope, of which every byte is accounted for. */
function signed(text: string): Transaction {
  const { data } = JSON.parse(text) as { data: { transaction: string; hash: string } }
  const { transaction, hash } = data
  expect(text).toBe(JSON.stringify({ ...SIGNED, data: { transaction, hash } }))
  const read = Transaction.from(transaction)
  expect([read.from, `0x${hash}`]).toEqual([SIGNER, read.hash])
  return read
}

/** A refusal in the old envelope: its message is a list of one text, which has the code first. */
const refusal = (code: string) => ({
  status: 422,
  type: 'application/json',
  text: expect.stringMatching(
    new RegExp(`^\\{"status":"error","message":\\["${code}: (?:[^"\\\\]|\\\\.)+"\\]\\}$`),
  ) as string,
})

describe('a client that was written for the old transfer service', () => {
  test('hears that the key is unlocked, and gets transfers with wei as text and as a number', async (context) => {
    context.skip(missing !== '', missing)
    const second = `{"destination": "${PAYEE}", "wei": 5, "nonce": 1}`
    const [status, ...answers] = await runClient('transfer.py', [url], [FIRST, second, FIRST])
    const unlocked = '{"status":"ok","message":"Ok","data":"Key is unlocked, ready to proceed"}'
    expect(status).toEqual([200, 'application/json', unlocked])
    expect(answers.map(([code, type]) => [code, type])).toEqual(Array(3).fill([200, 'application/json']))
    const [one, two, again] = answers.map(([, , text]) => signed(text))
    const common = { type: 0, to: PAYEE, data: '0x', gasLimit: 21_000n, gasPrice: OLD_GAS_PRICE }
    expect(one).toMatchObject({ ...common, nonce: 0, value: ETHER })
    expect(two).toMatchObject({ ...common, nonce: 1, value: 5n })
    expect(again?.serialized).toBe(one?.serialized)
  })

  test('unlike there, what is signed belongs to a chain: no other chain takes it', async () => {
    const read = signed((await ask(FIRST)).text)
    expect(read.unsignedHash).toBe(golden.tx_llmora_EIP155.digest)
    expect(read.chainId).toBe(1n)
    expect([37, 38]).toContain(read.signature?.networkV === null ? 0 : Number(read.signature?.networkV))
  })

  test('unlike there, asking twice is safe: the same bytes again, and the board is not asked again', async () => {
    const { text } = await ask(FIRST)
    const before = ethSignatures(old.bench.bench.simulated)
    expect((await ask(FIRST)).text).toBe(text)
    expect(ethSignatures(old.bench.bench.simulated)).toBe(before)
  })
})

describe('is refused with 422 and a list of one message:', () => {
  const TRANSFER = { destination: PAYEE, wei: '1', nonce: 50 }
  const { destination, wei, nonce } = TRANSFER
  it.each<[string, string, unknown]>([
    ['malformed JSON', 'malformed-request', '{"destination": '],
    ['an empty body', 'malformed-request', ''],
    ['a transfer without a destination', 'malformed-request', { wei, nonce }],
    ['a transfer without wei', 'malformed-request', { destination, nonce }],
    ['an amount in place of wei', 'malformed-request', { destination, amount: wei, nonce }],
    ['a destination that is no address', 'malformed-request', { ...TRANSFER, destination: 'bob' }],
    ['a destination that is not allowed', 'destination-not-allowed', { ...TRANSFER, destination: SIGNER }],
    ['more than the cap', 'value-too-high', { ...TRANSFER, wei: String(ETHER + 1n) }],
    ['more than the cap by far', 'value-too-high', { ...TRANSFER, wei: String(2n ** 255n) }],
  ])('%s', async (_, code, body) => {
    expect(await ask(body)).toEqual(refusal(code))
  })

  it.each<[string, string, unknown]>([
    ['no nonce, which was nonce 0 there', 'malformed-request', { destination, wei }],
    ['an array, which was 500 there', 'malformed-request', [TRANSFER]],
    ['less than no wei, which passed the cap there', 'malformed-request', { ...TRANSFER, wei: -1 }],
    ['less than no wei as text', 'malformed-request', { ...TRANSFER, wei: '-1' }],
    ['1e18 as text, which was 1 wei there', 'malformed-request', { ...TRANSFER, wei: '1e18' }],
    ['a number with an exponent', 'malformed-request', `{"destination":"${PAYEE}","wei":1e18,"nonce":50}`],
    ['a fraction', 'malformed-request', `{"destination":"${PAYEE}","wei":0.5,"nonce":50}`],
    [
      'wei that a JSON number cannot hold',
      'malformed-request',
      `{"destination":"${PAYEE}","wei":1000000000000000001,"nonce":50}`,
    ],
    [
      'a part of an allowed destination',
      'malformed-request',
      { ...TRANSFER, destination: PAYEE.slice(0, 20) },
    ],
    ['a field that nobody asked for', 'malformed-request', { ...TRANSFER, gas: 21000 }],
    [
      'a field that stands twice',
      'malformed-request',
      `{"wei":"1","wei":"2","destination":"${PAYEE}","nonce":50}`,
    ],
    ['another transfer with a used nonce', 'nonce-used', { ...TRANSFER, wei: '2', nonce: 0 }],
  ])('unlike there, %s', async (_, code, body) => {
    await ask(FIRST)
    expect(await ask(body)).toEqual(refusal(code))
  })

  test('unlike there, more in a day than the window has room for, fees included', async () => {
    const fee = 21_000n * OLD_GAS_PRICE
    for (let nonce = 100; nonce < 108; nonce += 1) await ask({ ...TRANSFER, wei: String(ETHER), nonce })
    expect(await ask({ ...TRANSFER, wei: String(ETHER), nonce: 108 })).toEqual(refusal('spend-limit'))
    const rest = { ...TRANSFER, wei: String(ETHER / 2n - fee), nonce: 108 }
    expect((await ask(rest)).status).toBe(200)
  })
})

test('500 in the same envelope for both routes where the board is gone, as when the key was locked', async () => {
  const { port } = old.bench.bench
  const lost = daemon.line('device.lost')
  port.unplug()
  await lost
  const locked = { ...refusal('device-unavailable'), status: 500 }
  const status = await fetch(`${url}/status`)
  expect([status.status, await status.json()]).toEqual([
    500,
    { status: 'error', message: [expect.stringMatching(/^device-unavailable: /)] },
  ])
  expect(await ask({ destination: PAYEE, wei: '1', nonce: 200 })).toEqual(locked)
})
