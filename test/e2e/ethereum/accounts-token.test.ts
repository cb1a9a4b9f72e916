import { hostname } from 'node:os'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { AccountsJournal } from '../../../src/accounts/index.js'
import { workerPid } from '../../device/pkcs11/rig.js'
import { INSTALL_TIMEOUT_MS, whyNoTokens } from '../../device/pkcs11/soft-tokens.js'
import { ADDRESS, sign } from '../daemon.js'
import { attestation } from '../payloads.js'
import { tokenLine } from './accounts-crashes.js'
import { AccountsTokenBench } from './accounts-token-bench.js'

vi.setConfig({ testTimeout: 120_000, hookTimeout: INSTALL_TIMEOUT_MS })

const whyNot = whyNoTokens()

const benches: AccountsTokenBench[] = []
afterEach(async () => {
  for (const bench of benches.splice(0)) await bench.close()
})

async function bench(): Promise<AccountsTokenBench> {
  const made = await AccountsTokenBench.make()
  benches.push(made)
  return made
}

describe.skipIf(whyNot !== '')('a daemon with accounts in a token', () => {
  test('makes keys that never leave it, signs with them, and refuses by name while it is away', async () => {
    const made = await bench()
    const { daemon, url } = await made.accounts.started()
    await tokenLine(daemon, 'device.ready')
    const { text: apiKey } = await made.accounts.apiKey()
    const client = made.accounts.client(url, apiKey)
    const created = await client.create()
    expect(created).toMatchObject({ status: 201, body: { custody: 'hsm' } })
    const address = String(created.body['address'])
    expect(await client.isUsable(address)).toBe(true)
    const keys = made.objects().filter(({ isPrivate }) => isPrivate)
    expect(keys).toEqual([
      expect.objectContaining({
        label: `acct:${address}`,
        value: expect.stringContaining('CKR_ATTRIBUTE_SENSITIVE') as string,
      }),
    ])

    made.tokens.takeAway()
    process.kill(workerPid(daemon.pid), 'SIGKILL')
    await tokenLine(daemon, 'device.lost')
    const refused = { status: 503, body: { code: 'token-failed' } }
    const message = { type: 'message', message: 'm' }
    expect(await client.sign(address, message)).toMatchObject(refused)
    expect(await client.create()).toMatchObject(refused)
    expect(await client.get(address)).toMatchObject({ status: 200, body: { custody: 'hsm' } })
    expect(await sign(url, ADDRESS.tz3, attestation(5))).toMatchObject({ status: 200 })

    made.tokens.putBack()
    await tokenLine(daemon, 'device.ready', 2)
    expect(await client.isUsable(address)).toBe(true)
    expect((await client.create()).status).toBe(201)
  })

  test('goes on baking where the token will not tell what became of a key that was begun', async () => {
    const made = await bench()
    const { stateDir } = made.accounts.bench
    const ids = ['0123456789abcdef0123456789abcdef', 'fedcba9876543210fedcba9876543210'] as const
    const store = AccountsJournal.open({ directory: stateDir })
    for (const accountId of ids) {
      await store.addIntent({
        ...{ v: 1, accountId, owner: 'somebody', token: 'accounts.hsm' },
        ...{ host: `${hostname()}:${stateDir}`, createdAt: new Date().toISOString() },
      })
    }
    await store.close()
    made.addOther(ids[0])
    const { daemon, url } = await made.accounts.started()
    expect(await daemon.line('accounts.not-settled')).toMatchObject({
      severity: 'warn',
      reason: expect.stringContaining(ids[0]) as string,
    })
    expect(await sign(url, ADDRESS.tz3, attestation(5))).toMatchObject({ status: 200 })
    expect(await made.accounts.pending()).toBe(1) // the other one never had a key, and is given up
    const { text: apiKey } = await made.accounts.apiKey()
    expect((await made.accounts.client(url, apiKey).create()).status).toBe(201)
  })
})
