import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished, expect, test } from 'vitest'
import { AccountsJournal } from '../../../src/accounts/index.js'
import { Vault } from '../../../src/accounts/vault/vault.js'
import { AccountsService } from '../../../src/accounts/accounts-service.js'
import { accountsControl } from '../../../src/cli/accounts/accounts-control.js'
import { runCli } from '../../../src/cli/program.js'
import { controlApp, listen } from '../../../src/server/index.js'
import { SETTINGS } from '../../accounts/service-bench.js'
import { QUICK, softDevice } from '../../accounts/vault/fixture.js'
import { ROOT } from '../../docs/documents.js'
import { ADDRESS, PROGRAM } from '../../e2e/daemon.js'
import { Terminal } from '../setup/terminal.js'

const CONFIG = `policy: { signing_keys: { ${ADDRESS.tz3}: { allowed_ops: [0x11] } } }
devices: { tezio0: { kind: tezio, port: /dev/null } }
accounts: { vault: { devices: [tezio0] } }
`

/** What the daemon has at its control socket, with a board in software. */
async function bench() {
  const folder = mkdtempSync(join(tmpdir(), 'tezio-accounts-'))
  const config = join(folder, 'config.yaml')
  writeFileSync(config, CONFIG)
  const store = AccountsJournal.open({ directory: folder })
  const vault = new Vault({ store, devices: [softDevice()], kdf: QUICK })
  const parts = { settings: SETTINGS, store, vault, token: undefined, host: 'here' }
  const secrets: Uint8Array[] = []
  const control = accountsControl(new AccountsService(parts), vault, store)
  const nothing = () => ({})
  const handlers = {
    keys: nothing,
    marks: nothing,
    status: nothing,
    raise: nothing,
    clearQuarantine: nothing,
  }
  const faults: unknown[] = []
  const app = controlApp(
    {
      ...handlers,
      accounts: (action, query, secret) => {
        secrets.push(secret)
        return control(action, query, secret)
      },
    },
    (error) => faults.push(error),
  )
  const listener = await listen(app, { path: join(folder, 'control.sock') })
  onTestFinished(async () => {
    await listener.close(0)
    await store.close()
    rmSync(folder, { recursive: true, force: true })
    expect(faults).toEqual([])
  })
  const options = ['--config', config, '--state-dir', folder]
  const run = async (...args: readonly string[]) => {
    let text = ''
    const collect = (part: string) => void (text += part)
    const code = await runCli(['accounts', ...args, ...options], { out: collect, err: collect })
    return { code, text }
  }
  /** Runs a command at a terminal, with a person who types slowly enough. */
  const types = async (
    args: readonly string[],
    ...answers: readonly (readonly [prompt: string, text: string])[]
  ) => {
    const terminal = new Terminal([process.execPath, PROGRAM, 'accounts', ...args, ...options], ROOT)
    onTestFinished(() => terminal.close())
    for (const [prompt, text] of answers) {
      await terminal.shows(prompt)
      const shownAt = performance.now()
      terminal.type(text)
      while (performance.now() - shownAt < 550) await new Promise<void>((resolve) => setImmediate(resolve))
      terminal.type('\r')
    }
    return { code: await terminal.exit, text: terminal.text }
  }
  return { vault, secrets, config, run, types }
}

test('a vault is made, locked, opened by passphrase and by its words, and every secret is wiped behind it', async () => {
  const { vault, secrets, run, types } = await bench()
  const SECRET = 'a long enough secret'
  expect((await run('vault', 'slots')).text).toBe('SLOT  KIND  DEVICE  SINCE\n')
  const made = await types(
    ['vault', 'create'],
    ['New passphrase for the vault: ', SECRET],
    ['Once more: ', SECRET],
  )
  expect(made).toMatchObject({ code: 0 })
  expect(made.text).not.toContain(SECRET)
  const words = [...made.text.matchAll(/\d+\. ([a-z]+)/g)].map(([, word = '']) => word)
  expect(words).toHaveLength(24)
  expect(vault.isOpen).toBe(true)
  expect(await run('lock')).toEqual({ code: 0, text: 'the vault is locked\n' })
  expect(vault.isOpen).toBe(false)
  const wrong = await types(['unlock'], ['Passphrase: ', 'another long secret'])
  expect(wrong.code).toBe(78)
  expect(wrong.text).toContain('vault-wrong-secret')
  expect(await types(['unlock'], ['Passphrase: ', SECRET])).toMatchObject({ code: 0 })
  expect(vault.isOpen).toBe(true)
  vault.lock()
  expect(await types(['unlock', '--recovery'], ['The 24 words: ', words.join(' ')])).toMatchObject({
    code: 0,
  })
  expect(vault.isOpen).toBe(true)
  expect(secrets.length).toBeGreaterThan(4)
  for (const secret of secrets) expect(Buffer.from(secret).every((byte) => byte === 0)).toBe(true)
})

test('slots are added and removed down to two, by an open vault alone', async () => {
  const { vault, run } = await bench()
  await vault.create({
    kind: 'device',
    device: 'tezio0',
    op: 3,
    passphrase: Buffer.from('a long enough secret'),
  })
  const added = await run('vault', 'add-slot', '--recovery')
  expect(added.text).toContain('24. ')
  const [, id = ''] = /slot ([0-9a-f]{32}) is added/.exec(added.text) ?? []
  expect((await run('vault', 'slots')).text.trim().split('\n')).toHaveLength(4)
  expect(await run('vault', 'remove-slot', id)).toEqual({ code: 0, text: `slot ${id} is removed\n` })
  const { slots } = JSON.parse((await run('vault', 'slots', '--json')).text) as {
    slots: { slotId: string }[]
  }
  const last = await run('vault', 'remove-slot', slots[0]!.slotId)
  expect(last).toMatchObject({ code: 78, text: expect.stringContaining('vault-few-slots') as string })
  vault.lock()
  expect(await run('vault', 'add-slot', '--recovery')).toMatchObject({ code: 78 })
})

test('a passphrase is not read from a pipe, and without a daemon the command says so', async () => {
  const { run, config } = await bench()
  expect(await run('unlock')).toMatchObject({
    code: 78,
    text: expect.stringContaining('typed at a terminal') as string,
  })
  const elsewhere = mkdtempSync(join(tmpdir(), 'tezio-accounts-'))
  onTestFinished(() => {
    rmSync(elsewhere, { recursive: true })
  })
  let said = ''
  const collect = (part: string) => void (said += part)
  const args = ['accounts', 'list', '--config', config, '--state-dir', elsewhere]
  expect(await runCli(args, { out: collect, err: collect })).toBe(69)
  expect(said).toContain('no daemon runs on this state; to start it: tezio-bridge serve')
})

test('API keys are made, shown without secrets, and revoked', async () => {
  const { run } = await bench()
  const made = await run(
    'api-key',
    'create',
    '--owner',
    'shop',
    '--scope',
    'accounts:sign',
    '--per-minute',
    '5',
  )
  expect(made.code).toBe(0)
  const [text = '', id = ''] = /tz_([0-9a-f]{16})_[0-9a-f]{64}/.exec(made.text) ?? []
  const listed = await run('api-key', 'list', '--json')
  expect(JSON.parse(listed.text)).toMatchObject({
    keys: [{ id, owner: 'shop', scopes: ['accounts:sign'], perMinute: 5 }],
  })
  expect(listed.text).not.toContain(text.slice(-64))
  expect(await run('api-key', 'revoke', id)).toEqual({ code: 0, text: `${id} is revoked\n` })
  expect(await run('api-key', 'revoke', id)).toMatchObject({ code: 78 })
  expect(await run('api-key', 'create', '--scope', 'accounts:steal')).toMatchObject({ code: 64 })
})
