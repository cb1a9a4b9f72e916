import { execFileSync } from 'node:child_process'
import { afterEach, expect, it } from 'vitest'
import { toHex } from '../../src/tezos/index.js'
import { own } from '../policy/limits-bench.js'
import { ADDRESS, Bench, cli, PROGRAM, sign } from './daemon.js'

const benches: Bench[] = []
afterEach(async () => {
  for (const bench of benches.splice(0)) await bench.close()
})

/** 407 mutez to tz1KqTp.. at a fee of 33. */
const TRANSFER = own('octez-codec transaction-to')
const again = (index: number) => TRANSFER.with(1, index)

const CONFIG = `
server: { listen: "127.0.0.1:0" }
admin: { listen: "127.0.0.1:0" }
high_water_marks:
  level: { 0x11: 0, 0x12: 0, 0x13: 0 }
policy:
  clients: { payments: { public_key: edpkuMtzfUL2Ak7CFrRcZX5Cg16qjzUajtJLM6scwk14uAoSVu3GmP } }
  signing_keys:
    ${ADDRESS.tz1}:
      auth_req: false
      allowed_ops: [0x03]
      allow: [transaction, 'ballot:yay']
      transactions:
        destinations: [tz1KqTpEZ7Yob7QbPE4Hy4Wo8fHG8LhKxZSx]
        max_mutez: 407
        max_fee_mutez: 33
        spend_windows: { hours: 24, max_mutez: 1000 }
      per_minute: 3
    ${ADDRESS.tz3}: { allowed_ops: [0x11, 0x12, 0x13], auth_req: false }
`

async function made(): Promise<Bench> {
  const bench = new Bench(CONFIG)
  benches.push(bench)
  await bench.init()
  return bench
}

it('a daemon keeps to the limits of a key, over its own death, and counts who was refused', async () => {
  const bench = await made()
  let daemon = await bench.started()
  const ask = async (payload: Uint8Array) => {
    const { status, code } = await sign(await daemon.url(), ADDRESS.tz1, payload)
    return `${status} ${code ?? 'signed'}`
  }
  expect(await ask(own('taquito transaction'))).toBe('403 transaction-not-allowed')
  expect(await ask(own('tacoinfra Ballot "pass"'))).toBe('403 operation-not-allowed')
  expect(await ask(TRANSFER)).toBe('200 signed')
  expect(await ask(again(1))).toBe('200 signed')
  expect(await ask(again(2))).toBe('403 spend-limit')
  const metrics = await (await fetch(`${await daemon.adminUrl()}/metrics`)).text()
  expect(metrics).toMatch(/^tezio_policy_denials_total\{rule="transactions\.destinations"\} 1$/m)
  expect(metrics).toMatch(/^tezio_policy_denials_total\{rule="spend-limit"\} 1$/m)
  daemon.kill('SIGKILL')
  await daemon.exit
  daemon = await bench.started()
  expect(await ask(again(2))).toBe('403 spend-limit')
  for (let time = 0; time < 3; time++) expect(await ask(TRANSFER)).toBe('200 signed')
  expect(await ask(TRANSFER)).toBe('403 rate-limit')
  expect(bench.signCommands).toBe(5)
})

it('policy explain tells what the daemon does, beside it and without it, and touches no board', async () => {
  const bench = await made()
  const explain = (payload: Uint8Array, ...more: readonly string[]) =>
    cli('policy', 'explain', ...bench.options, '--key', ADDRESS.tz1, '--payload', toHex(payload), ...more)
  const daemon = await bench.started()
  for (const payload of [TRANSFER, again(1)]) await sign(await daemon.url(), ADDRESS.tz1, payload)
  const asked = bench.signCommands

  const full = await explain(again(2))
  expect(full).toMatchObject({ code: 78, stderr: '' })
  expect(full.stdout).toMatch(
    /\nIt would be refused by transactions\.spend_windows \(spend-limit\): 407 mutez on top of 814/,
  )
  expect(full.stdout).toMatch(/^24 hours +814 +1000 +66 +any$/m)
  const counted = await explain(TRANSFER)
  expect(counted).toMatchObject({ code: 0 })
  expect(counted.stdout).toMatch(
    /^transactions\.spend_windows +passes +this very operation is counted already$/m,
  )
  expect(counted.stdout).toMatch(/\nIt would be signed, as far as can be told here\.\n$/)
  const read = JSON.parse((await explain(again(2), '--json', '--client', 'payments')).stdout) as object
  expect(read).toMatchObject({
    ...{ key: ADDRESS.tz1, signed: false, state: true },
    read: { contents: [{ kind: 'transaction', amountMutez: '407', source: ADDRESS.tz1 }] },
    refusal: { code: 'spend-limit', rule: 'transactions.spend_windows' },
    windows: [{ hours: 24, mutez: '814', maxMutez: '1000', feeMutez: '66' }],
    asked: expect.arrayContaining(['who asks (taken for payments)']) as unknown,
  })
  expect(await explain(TRANSFER, '--client', 'baker')).toMatchObject({
    code: 64,
    stderr: expect.stringContaining('--client baker is no client: configured are payments') as string,
  })
  expect(bench.signCommands).toBe(asked)
})

it('policy explain works before init, reads standard input, and tells what is wrong with its words', async () => {
  const bench = new Bench(CONFIG)
  benches.push(bench)
  const args = ['policy', 'explain', ...bench.options, '--key', ADDRESS.tz1, '--payload', '-']
  const input = `${toHex(TRANSFER)}\n`
  const out = execFileSync(process.execPath, [PROGRAM, ...args], { input, encoding: 'utf8' })
  expect(out).toContain('There is no state directory yet: marks and windows are not known.')
  expect(out).toContain('It would be signed, as far as can be told here.')

  const explain = (key: string, payload: string) =>
    cli('policy', 'explain', ...bench.options, '--key', key, '--payload', payload)
  expect(await explain(ADDRESS.tz2, '0300')).toMatchObject({
    code: 78,
    stderr: expect.stringContaining(
      `${ADDRESS.tz2} is not a signing key of this bridge; configured are`,
    ) as string,
  })
  for (const payload of ['zz', '030', '0x03']) {
    expect(await explain(ADDRESS.tz1, payload)).toMatchObject({
      code: 64,
      stderr: expect.stringContaining('--payload is not hex') as string,
    })
  }
  const strange = await explain(ADDRESS.tz1, '0300')
  expect(strange.code).toBe(78)
  expect(strange.stdout).toContain('It would be refused by by_name (operation-not-allowed): unknown: ')
})
