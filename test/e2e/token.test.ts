import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { decodeSignature, payloadDigest, publicKeyHash, verifySignature } from '../../src/tezos/index.js'
import { Opened, PIN, workerPids } from '../device/pkcs11/rig.js'
import { INSTALL_TIMEOUT_MS, MODULE, whyNoTokens, type TokenKeyPair } from '../device/pkcs11/soft-tokens.js'
import { Bench, cli, sign } from './daemon.js'
import { attestation, operation } from './payloads.js'

vi.setConfig({ testTimeout: 60_000, hookTimeout: INSTALL_TIMEOUT_MS })

const whyNot = whyNoTokens()

const closing: (() => unknown)[] = []

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

/** A daemon's place beside a token with a key of every curve. */
function place(pin = PIN) {
  const opened = new Opened()
  closing.push(() => opened.close())
  const { keys } = opened.scene()
  const bench = new Bench(configOf(keys))
  closing.push(() => bench.close())
  const pinFile = join(bench.folder, 'pin')
  writeFileSync(pinFile, `${pin}\n`, { mode: 0o600 })
  return { opened, bench, keys, pinFile }
}

function configOf(keys: readonly TokenKeyPair[]): string {
  const of = ({ publicKey }: TokenKeyPair) => publicKeyHash(publicKey)
  return `
server: { listen: "127.0.0.1:0" }
admin: { listen: "127.0.0.1:0" }
devices:
  token:
    kind: pkcs11
    module: ${MODULE}
    token: { label: tezos }
    pin_file: ./pin
    keys:
${keys.map((key) => `      ${of(key)}: { label: ${key.label}, id: "${key.id}" }`).join('\n')}
policy:
  signing_keys:
${keys.map((key) => `    ${of(key)}: { allowed_ops: [0x03, 0x13] }`).join('\n')}
`
}

/** Without the board that every bench has. */
async function serving({ bench }: { readonly bench: Bench }) {
  expect(await cli('init', ...bench.options, '--level', '10')).toMatchObject({ code: 0 })
  const daemon = bench.startConfigured()
  await daemon.line('server.listening')
  return daemon
}

describe.skipIf(whyNot !== '')('a daemon whose keys are on a token', () => {
  test('signs with each curve, refuses a second payload for a level, and tells no PIN', async () => {
    const placed = place()
    const daemon = await serving(placed)
    await daemon.line('device.ready')
    for (const { curve, publicKey } of placed.keys) {
      const address = publicKeyHash(publicKey)
      for (const payload of [operation(), attestation(11)]) {
        const { signature = '' } = await sign(await daemon.url(), address, payload)
        const raw = decodeSignature(curve, signature)
        expect(raw && verifySignature(publicKey, payloadDigest(payload), raw)).toBe(true)
      }
      const other = await sign(await daemon.url(), address, attestation(11))
      expect(other).toMatchObject({ status: 409, code: 'conflicts-with-mark' })
    }
    const status = await (await fetch(`${await daemon.adminUrl()}/api/status`)).text()
    expect(JSON.parse(status)).toMatchObject({
      readiness: { ready: true },
      devices: [{ name: 'token', kind: 'pkcs11', state: 'ready' }],
    })
    for (const text of [status, daemon.stderr, JSON.stringify(daemon.lines)]) expect(text).not.toContain(PIN)
  })

  test('stays up with a PIN that the token refused, says so, and asks it no second time', async () => {
    const placed = place('1234567')
    const daemon = await serving(placed)
    expect(await daemon.line('device.open-failed')).toMatchObject({ device: 'token', code: 'pin-refused' })
    const ready = await fetch(`${await daemon.adminUrl()}/readyz`)
    expect(ready.status).toBe(503)
    expect(await ready.json()).toMatchObject({ reasons: [{ code: 'pin-refused' }] })
    // the process of the module ends behind that, and no other one is started
    await placed.opened.until(() => workerPids(daemon.pid).length === 0)
  })

  test('ends the process of its module when it is told to stop', async () => {
    const placed = place()
    const daemon = await serving(placed)
    await daemon.line('device.ready')
    const [pid] = workerPids(daemon.pid)
    expect(pid).toBeGreaterThan(0)
    daemon.kill('SIGTERM')
    expect(await daemon.exit).toBe(0)
    expect(() => process.kill(pid!, 0)).toThrow(/ESRCH/)
  })

  test('is refused with 78 by a PIN file that others may read, and without one where nobody can be asked', async () => {
    const { bench, keys, pinFile } = place()
    await cli('init', ...bench.options, '--level', '10')
    chmodSync(pinFile, 0o644)
    const readable = await cli('serve', ...bench.options)
    expect([readable.code, readable.stderr]).toMatchObject([
      78,
      expect.stringContaining('pin_file') as string,
    ])
    writeFileSync(bench.config, configOf(keys).replace('pin_file: ./pin', ''))
    const { code, stderr } = await cli('serve', ...bench.options)
    expect([code, stderr]).toMatchObject([78, expect.stringContaining('devices.token.pin_file') as string])
  })

  test('is looked at by doctor without a login', async () => {
    const placed = place('1234567')
    const { bench } = placed
    await cli('init', ...bench.options, '--level', '10')
    const { stdout } = await cli('doctor', ...bench.options, '--json')
    const { checks } = JSON.parse(stdout) as { checks: { id: string; status: string }[] }
    const of = (id: string) => checks.find((check) => check.id === id)
    expect(of('token-files')).toMatchObject({ status: 'pass' })
    expect(of('port-found')).toMatchObject({ status: 'pass', detail: 'no board is configured' })
  })
})
