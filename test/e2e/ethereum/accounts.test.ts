import { recoverAddress, Transaction, verifyMessage, verifyTypedData } from 'ethers'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { AccountsJournal } from '../../../src/accounts/index.js'
import { Vault } from '../../../src/accounts/vault/vault.js'
import { ADDRESS, cli, sign } from '../daemon.js'
import { attestation } from '../payloads.js'
import { AccountsBench, SECRET } from './accounts-bench.js'
import { DOMAIN, PAYEE } from './eth-bench.js'
import { readyVault } from './ready-vault.js'

vi.setConfig({ testTimeout: 60_000 })

const benches: AccountsBench[] = []
afterEach(async () => {
  for (const bench of benches.splice(0)) await bench.close()
})

const kept = (bench: AccountsBench) => {
  benches.push(bench)
  return bench
}

const MAIL = { Mail: [{ name: 'text', type: 'string' }] }
const TRANSACTION = {
  ...{ type: 'eip1559', chain_id: '1', nonce: '7', gas_limit: '21000', to: PAYEE, value: '1000' },
  ...{ max_fee_per_gas: '40000000000', max_priority_fee_per_gas: '1000000000' },
}

describe('a daemon with accounts in a vault', () => {
  test('keeps them through a restart, signs all kinds for their owner, and tells no key to anybody', async () => {
    const bench = kept(await AccountsBench.make())
    const first = await bench.started()
    const words = await bench.createVault()
    const { text: apiKey } = await bench.apiKey()
    const owner = bench.client(first.url, apiKey)
    const made = await owner.create()
    expect(made).toMatchObject({ status: 201, body: { custody: 'vault' } })
    const address = String(made.body['address'])
    expect(await owner.get(address)).toEqual({ status: 200, body: made.body })
    await signsEveryKind(bench, first.url, apiKey, address)
    first.daemon.kill('SIGTERM')
    expect(await first.daemon.exit).toBe(0)

    const second = await bench.started()
    const again = bench.client(second.url, apiKey)
    expect(await again.sign(address, { type: 'message', message: 'm' })).toMatchObject({
      status: 503,
      body: { code: 'vault-locked' },
    })
    expect(await again.create()).toMatchObject({ status: 503, body: { code: 'vault-locked' } })
    expect(await again.get(address)).toEqual({ status: 200, body: made.body })
    expect(await sign(second.url, ADDRESS.tz3, attestation(5))).toMatchObject({ status: 200 })
    expect(await bench.operator(['unlock'], ['Passphrase: ', SECRET])).toMatchObject({ code: 0 })
    expect(await again.isUsable(address)).toBe(true)
    expect(await bench.operator(['lock'])).toMatchObject({ code: 0 })
    expect(await again.sign(address, { type: 'message', message: 'm' })).toMatchObject({ status: 503 })
    second.daemon.kill('SIGTERM')
    expect(await second.daemon.exit).toBe(0)

    const daemons = [first.daemon, second.daemon]
    const said = [...bench.told, ...daemons.map(({ lines, stderr }) => JSON.stringify(lines) + stderr)]
    const privateKey = await exported(bench.bench.stateDir, words, address)
    expect(foundIn(bench.bench.stateDir, said, privateKey)).toEqual([])
    expect(foundIn(bench.bench.stateDir, said, Buffer.from(SECRET))).toEqual([])
    // and the search does find what is there
    expect(foundIn(bench.bench.stateDir, said, Buffer.from(address.slice(2), 'hex'))).not.toEqual([])
  })

  test('opens the vault at the start, where a person types the passphrase', async () => {
    const bench = kept(await AccountsBench.make())
    await readyVault(bench.bench.stateDir)
    const { text: apiKey } = await bench.apiKey()
    const terminal = await bench.types(['serve', '--unlock'], ['Passphrase of the vault: ', SECRET])
    await terminal.shows('vault.unlocked')
    const [, address = ''] = /server\.listening address=(\S+)/.exec(terminal.text) ?? []
    const client = bench.client(`http://${address}`, apiKey)
    const made = await client.create()
    expect(made).toMatchObject({ status: 201, body: { custody: 'vault' } })
    expect(await client.isUsable(String(made.body['address']))).toBe(true)
    expect(terminal.text).not.toContain(SECRET)
  })

  test('serves each API key its own accounts and no more than it may', async () => {
    const bench = kept(await AccountsBench.make())
    await readyVault(bench.bench.stateDir)
    const { url } = await bench.started()
    expect(await bench.asks('unlock', SECRET)).toBe('opened')
    const [mine, other, reader, hasty] = await Promise.all([
      bench.apiKey(),
      bench.apiKey(),
      bench.apiKey(['accounts:read']),
      bench.apiKey(undefined, 3),
    ])
    const owner = bench.client(url, mine.text)
    const named = { 'idempotency-key': 'order-1' }
    const [left, right] = await Promise.all([owner.create('vault', named), owner.create('vault', named)])
    expect([left.status, right.status].sort()).toEqual([200, 201])
    expect(left.body).toEqual(right.body)
    const address = String(left.body['address'])

    const stranger = bench.client(url, other.text)
    const unknown = { status: 404, body: { code: 'unknown-account' } }
    expect(await stranger.get(address)).toMatchObject(unknown)
    expect(await stranger.sign(address, { type: 'message', message: 'm' })).toMatchObject(unknown)
    const theirs = await stranger.create('vault', named)
    expect(theirs.status).toBe(201)
    expect(theirs.body['address']).not.toBe(address)
    const scopeMissing = { status: 403, body: { code: 'scope-missing' } }
    expect(await bench.client(url, reader.text).create()).toMatchObject(scopeMissing)
    expect(await owner.create('hsm')).toMatchObject({ status: 422, body: { code: 'custody-not-configured' } })
    const transaction = { ...TRANSACTION, value: String(10n ** 18n + 1n) }
    expect(await owner.sign(address, { type: 'transaction', transaction })).toMatchObject({
      status: 403,
      body: { code: 'transaction-not-allowed' },
    })

    const asked: number[] = []
    for (let count = 0; count < 5; count += 1)
      asked.push((await bench.client(url, hasty.text).get(address)).status)
    expect(asked).toEqual([404, 404, 404, 429, 429])

    expect(await owner.isUsable(address)).toBe(true)
    const revoked = await cli('accounts', 'api-key', 'revoke', mine.id, ...bench.bench.options)
    expect(revoked.code).toBe(0)
    const invalid = { status: 401, body: { code: 'api-key-invalid' } }
    expect(await owner.get(address)).toMatchObject(invalid)
    expect(await owner.sign(address, { type: 'message', message: 'm' })).toMatchObject(invalid)
    const anonymous = await fetch(`${url}/v1/accounts/${address}`)
    expect([anonymous.status, await anonymous.json()]).toMatchObject([401, { code: 'api-key-missing' }])
  })
})

async function signsEveryKind(bench: AccountsBench, url: string, apiKey: string, address: string) {
  const owner = bench.client(url, apiKey)
  const custody = { status: 200, body: { address, custody: 'vault' } }
  const message = await owner.sign(address, { type: 'message', message: 'grüße' })
  expect(message).toMatchObject(custody)
  expect(verifyMessage('grüße', String(message.body['signature']))).toBe(address)
  const domain = { name: DOMAIN.name, chainId: 1 }
  const typed = await owner.sign(address, {
    type: 'typed_data',
    typed_data: { types: MAIL, primaryType: 'Mail', domain, message: { text: 'hello' } },
  })
  expect(typed).toMatchObject(custody)
  expect(verifyTypedData(domain, MAIL, { text: 'hello' }, String(typed.body['signature']))).toBe(address)
  const paid = await owner.sign(address, { type: 'transaction', transaction: TRANSACTION })
  expect(paid).toMatchObject(custody)
  const { raw, hash } = paid.body['transaction'] as { raw: string; hash: string }
  expect(Transaction.from(raw)).toMatchObject({ from: address, to: PAYEE, value: 1000n, nonce: 7, hash })
  expect(recoverAddress(String(paid.body['digest']), String(paid.body['signature']))).toBe(address)
}

/** The private key of an account, which only this test ever takes out. */
async function exported(stateDir: string, words: string, address: string): Promise<Buffer> {
  const store = AccountsJournal.open({ directory: stateDir })
  try {
    const vault = new Vault({ store, devices: [] })
    expect(await vault.recover(words)).toEqual({ outcome: 'opened' })
    const account = await store.account(address)
    if (account?.custody !== 'vault') throw new Error(`${address} is not in the vault`)
    const key = vault.key?.withPrivateKey(account, (privateKey) => Buffer.from(privateKey))
    if (key === undefined) throw new Error('the key does not open')
    return key
  } finally {
    await store.close()
  }
}

/** Where 1 of the forms of some bytes stands: in a file of a folder, or in what was said. */
function foundIn(folder: string, said: readonly string[], secret: Buffer): readonly string[] {
  const hex = secret.toString('hex')
  const forms = [secret, hex, hex.toUpperCase(), secret.toString('base64'), secret.toString('base64url')]
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((one) => one.isFile())
  const texts: readonly (readonly [string, Buffer])[] = [
    ...files.map((one) => [one.name, readFileSync(join(one.parentPath, one.name))] as const),
    ...said.map((text, index) => [`said ${index}`, Buffer.from(text)] as const),
  ]
  // what is written in hex may be in either case
  return texts.flatMap(([name, text]) => {
    const small = Buffer.from(text.toString('latin1').toLowerCase(), 'latin1')
    return forms.some((form) => text.includes(form)) || small.includes(hex) ? [name] : []
  })
}
