import { cpSync } from 'node:fs'
import { basename } from 'node:path'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { createSimulatedTezio, keysFromSecrets } from '../../../hw-sim/index.js'
import { AccountsJournal } from '../../../src/accounts/index.js'
import { encodeFrame } from '../../../src/server/socket/frame.js'
import { encodeRequest } from '../../../src/server/socket/request.js'
import { parsePublicKeyHash, publicKeyHash, vaultLabel } from '../../../src/tezos/index.js'
import { codeOf, SocketClient } from '../../server/socket/socket-client.js'
import { ADDRESS, sign, type Daemon } from '../daemon.js'
import { operation } from '../payloads.js'
import { AccountsBench, SECRET } from './accounts-bench.js'
import { stockBoard } from './eth-bench.js'
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

/** The keys of somebody else's board. */
const OTHERS = keysFromSecrets({
  auth: new Uint8Array(32).fill(11),
  ed25519: new Uint8Array(32).fill(12),
  secp256k1: new Uint8Array(32).fill(13),
  p256: new Uint8Array(32).fill(14),
})
const OTHERS_TZ1 = publicKeyHash(OTHERS.ed25519.publicKey)
const otherBoard = () => createSimulatedTezio({ keys: OTHERS })
const theirPolicy = { policy: { signing_keys: { [OTHERS_TZ1]: { allowed_ops: [0x03] } } } }

/** An account of a host, all of whose files somebody then has. */
async function victim() {
  const bench = kept(await AccountsBench.make())
  const words = await readyVault(bench.bench.stateDir)
  const { daemon, url } = await bench.started()
  expect(await bench.asks('unlock', SECRET)).toBe('opened')
  const { text: apiKey } = await bench.apiKey()
  const made = await bench.client(url, apiKey).create()
  expect(made.status).toBe(201)
  await stopped(daemon)
  return { stateDir: bench.bench.stateDir, words, apiKey, address: String(made.body['address']) }
}

/** Another host with a copy of a state directory. */
function copyOf(stateDir: string, options: Parameters<typeof AccountsBench.empty>[0] = {}): AccountsBench {
  const bench = kept(AccountsBench.empty(options))
  const filter = (from: string) => basename(from) !== 'control.sock'
  cpSync(stateDir, bench.bench.stateDir, { recursive: true, filter })
  return bench
}

async function stopped(daemon: Daemon): Promise<void> {
  daemon.kill('SIGTERM')
  expect(await daemon.exit).toBe(0)
}

describe('a stolen disk', () => {
  test('is opened neither by another board nor by another passphrase, and by the words without any board', async () => {
    const { stateDir, words, apiKey, address } = await victim()
    const locked = { status: 503, body: { code: 'vault-locked' } }
    const message = { type: 'message', message: 'm' }

    const strange = copyOf(stateDir, { boards: [otherBoard()], rest: theirPolicy })
    const there = await strange.started()
    expect(await strange.asks('unlock', SECRET)).toBe('vault-wrong-device')
    expect(await strange.client(there.url, apiKey).sign(address, message)).toMatchObject(locked)
    await stopped(there.daemon)
    await nameAnotherBoard(strange.bench.stateDir)
    const renamed = await strange.started()
    expect(await strange.asks('unlock', SECRET)).toBe('vault-wrong-secret')
    expect(strange.bench.signCommands).toBe(1) // it was asked, and what it signed opens nothing
    expect(await strange.client(renamed.url, apiKey).sign(address, message)).toMatchObject(locked)

    const guessing = copyOf(stateDir)
    const guessed = await guessing.started()
    expect(await guessing.asks('unlock', 'a long enough guess.')).toBe('vault-wrong-secret')
    expect(await guessing.asks('recover', words.replace(/^\S+/, 'zoo'))).toBe('vault-wrong-secret')
    expect(await guessing.client(guessed.url, apiKey).sign(address, message)).toMatchObject(locked)
    expect(await guessing.asks('unlock', SECRET)).toBe('opened') // so it was the passphrase
    expect(await guessing.client(guessed.url, apiKey).isUsable(address)).toBe(true)

    const heir = copyOf(stateDir)
    heir.bench.port.close()
    const url = await heir.bench.startConfigured().url()
    expect(await heir.asks('unlock', SECRET)).toBe('vault-wrong-device')
    const opened = await heir.operator(['unlock', '--recovery'], ['The 24 words: ', words])
    expect(opened).toMatchObject({ code: 0 })
    expect(opened.text).not.toContain(words.slice(0, 20))
    expect(await heir.client(url, apiKey).isUsable(address)).toBe(true)
  })

  test('is not opened by a slot that was removed, and is by the other board, and by the words where that is lost', async () => {
    const boards = () => [stockBoard(), otherBoard()]
    const bench = kept(await AccountsBench.make({ boards: boards() }))
    const words = await readyVault(bench.bench.stateDir)
    const { daemon, url } = await bench.started()
    expect(await bench.asks('unlock', SECRET)).toBe('opened')
    const { text: apiKey } = await bench.apiKey()
    const address = String((await bench.client(url, apiKey).create()).body['address'])
    expect(await bench.asks('vault-add-slot', 'the secret of another', { device: 'board1', op: '3' })).toBe(
      'added',
    )
    const first = (await bench.slots()).find(({ device }) => device === ADDRESS.tz1)
    expect(await bench.asks('vault-remove-slot', '', { slot: first?.slotId ?? '' })).toBe('removed')
    expect((await bench.slots()).map(({ kind, device }) => device ?? kind)).toEqual(['recovery', OTHERS_TZ1])
    await stopped(daemon)

    const again = await bench.started()
    const client = bench.client(again.url, apiKey)
    expect(await bench.asks('unlock', SECRET)).toBe('vault-wrong-secret') // of the board that is left
    expect((await client.sign(address, { type: 'message', message: 'm' })).status).toBe(503)
    expect(await bench.asks('unlock', 'the secret of another')).toBe('opened')
    expect(await client.isUsable(address)).toBe(true)
    expect(await bench.asks('lock')).toBe('locked')
    for (const { port } of bench.bench.boards) port.close()
    await again.daemon.until((lines) => lines.filter(({ event }) => event === 'device.lost').length === 2)
    expect(await bench.asks('unlock', 'the secret of another')).toBe('vault-device-failed')
    expect(await bench.asks('recover', words)).toBe('opened')
    expect(await client.isUsable(address)).toBe(true)
  })
})

describe('the label whose signature opens the vault', () => {
  test.each([
    ['with allowed_ops: [0x03]', {}],
    ['without any policy', { security: { signing_policy_check: false } }],
  ])('is signed for no client %s, whatever way it comes', async (_, security) => {
    const listeners = { listen: '127.0.0.1:0', unix: 'signer.sock', tcp: '127.0.0.1:0' }
    const bench = kept(await AccountsBench.make({ rest: { server: listeners, ...security } }))
    await readyVault(bench.bench.stateDir)
    const { daemon, url } = await bench.started()
    expect(await bench.asks('unlock', SECRET)).toBe('opened')
    const before = bench.bench.signCommands
    const payloads = [0x03, 0x05, 0x11].map((op) => vaultLabel(op, bench.vaultId))
    for (const payload of payloads) {
      expect(await sign(url, ADDRESS.tz1, payload)).toMatchObject({
        status: 403,
        code: 'operation-not-allowed',
      })
      for (const event of ['unix.listening', 'tcp.listening']) {
        const client = await SocketClient.open(String((await daemon.line(event))['address']))
        const key = parsePublicKeyHash(ADDRESS.tz1)!
        await client.write(
          encodeFrame(
            encodeRequest({
              ...{ kind: 'sign', version: undefined, key, data: payload, authentication: undefined },
            }),
          ),
        )
        expect(codeOf(await client.reply())).toBe('operation-not-allowed')
      }
    }
    expect(bench.bench.signCommands).toBe(before)
    expect(await sign(url, ADDRESS.tz1, operation())).toMatchObject({ status: 200 })
    expect(bench.bench.signCommands).toBe(before + 1)
  })
})

/** What a thief with an editor does: the journal anew, whose slot names his own board. */
async function nameAnotherBoard(stateDir: string): Promise<void> {
  const before = AccountsJournal.open({ directory: stateDir })
  const header = await before.vault()
  if (header === undefined) throw new Error('there is no vault')
  const slots = header.slots.map((slot) => (slot.kind === 'device' ? { ...slot, device: OTHERS_TZ1 } : slot))
  expect(await before.replaceSlots({ ...header, revision: header.revision + 1, slots })).toBe(true)
  await before.close()
}
