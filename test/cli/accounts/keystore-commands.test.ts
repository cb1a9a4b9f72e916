import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { ethers } from 'ethers'
import { expect, onTestFinished, test } from 'vitest'
import { AccountsJournal, AccountsService, Vault } from '../../../src/accounts/index.js'
import { caller, SETTINGS } from '../../accounts/service-bench.js'
import { QUICK, softDevice } from '../../accounts/vault/fixture.js'
import { ROOT } from '../../docs/documents.js'
import { ADDRESS, Bench, cli, PROGRAM } from '../../e2e/daemon.js'
import { keySecret } from '../../tezos/golden-data.js'
import { Terminal } from '../setup/terminal.js'

const SECRET = 'a long enough secret'

/** What software made with the board's key must open with the board: its signatures are the same. */
async function bench() {
  const made = new Bench(
    ([port = '']) => `policy: { signing_keys: { ${ADDRESS.tz3}: { allowed_ops: [0x11] } } }
devices: { left: { kind: tezio, port: ${port} } }
accounts: { vault: { devices: [left] } }
`,
  )
  onTestFinished(() => made.close())
  expect(await cli('init', ...made.options, '--level', '0')).toMatchObject({ code: 0 })
  const store = AccountsJournal.open({ directory: made.stateDir })
  const vault = new Vault({ store, devices: [softDevice('left', keySecret('1 ed25519'))], kdf: QUICK })
  await vault.create({ kind: 'device', device: 'left', op: 3, passphrase: Buffer.from(SECRET) })
  const service = new AccountsService({ settings: SETTINGS, store, vault, token: undefined, host: 'here' })
  const created = await service.create(caller(), {})
  await store.close()
  return { made, account: created.outcome === 'created' ? created.account.address : '' }
}

test('an account is exported by a real command with the simulated board, and ethers opens the keystore', async () => {
  const { made, account } = await bench()
  const file = join(made.folder, 'keystore.json')
  const command = ['accounts', 'export', account, '--out', file, ...made.options]
  const terminal = new Terminal([process.execPath, PROGRAM, ...command], ROOT)
  onTestFinished(() => terminal.close())
  for (const [prompt, text] of [
    ['Passphrase of the vault: ', SECRET],
    ['New passphrase for the keystore: ', 'another long one'],
    ['Once more: ', 'another long one'],
  ] as const) {
    await terminal.shows(prompt)
    const shownAt = performance.now()
    terminal.type(text)
    while (performance.now() - shownAt < 550) await new Promise<void>((resolve) => setImmediate(resolve))
    terminal.type('\r')
  }
  expect([await terminal.exit, terminal.text]).toEqual([
    0,
    expect.stringContaining('the account stays here too') as string,
  ])
  expect(made.signCommands).toBe(1)
  expect(statSync(file).mode & 0o777).toBe(0o600)
  const opened = ethers.decryptKeystoreJsonSync(readFileSync(file, 'utf8'), 'another long one')
  expect(opened.address).toBe(account)
}, 40_000)
