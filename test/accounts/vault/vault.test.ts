import { describe, expect, test } from 'vitest'
import { SCRYPT } from '../../../src/accounts/vault/kdf.js'
import { Vault } from '../../../src/accounts/vault/vault.js'
import type { KeySlot } from '../../../src/accounts/vault/key-slot.js'
import type { VaultDevice } from '../../../src/accounts/vault/vault-device.js'
import { isVaultLabel, payloadDigest, publicKeyHash } from '../../../src/tezos/index.js'
import { MemoryStore } from '../memory-store.js'
import { drawnAnew, outcomeOf, passphrase, QUICK, softDevice, vaultBench } from './fixture.js'

const OTHER = new Uint8Array(32).fill(9)

describe('a new vault', () => {
  test('is open, has a slot of the device and one for recovery, and keeps no secret in clear', async () => {
    const { store, vault, created } = await vaultBench()
    expect(vault.isOpen).toBe(true)
    expect(JSON.stringify(store.header)).not.toContain(vault.key!.copy().toString('hex'))
    expect(created).toMatchObject({ outcome: 'created', header: store.header })
    expect(store.header?.slots.map(({ kind }) => kind)).toEqual(['device', 'recovery'])
    expect(store.header?.slots[0]).toMatchObject({
      op: 3,
      device: publicKeyHash(softDevice().publicKey()!),
      kdf: QUICK,
    })
  })

  test('asks the device for its label twice, which no client may ask for', async () => {
    const device = softDevice()
    await vaultBench(device)
    expect(device.labels).toHaveLength(2)
    expect(device.labels[0]).toEqual(device.labels[1])
    expect(device.labels.every(isVaultLabel)).toBe(true)
  })

  test('is never made twice', async () => {
    const { open, wanted, store } = await vaultBench()
    const before = store.header
    expect(outcomeOf(await open().create(wanted))).toBe('vault-exists')
    expect(store.header).toBe(before)
  })

  test('is made once where two make it at the same time', async () => {
    const store = new MemoryStore()
    const vault = () => new Vault({ store, devices: [softDevice()], kdf: QUICK })
    const wanted = { kind: 'device', device: 'tezio0', op: 3, passphrase: passphrase() } as const
    const vaults = [vault(), vault()]
    const made = await Promise.all(vaults.map((one) => one.create(wanted)))
    expect(made.map(outcomeOf).sort()).toEqual(['created', 'vault-exists'])
    expect(vaults.map(({ isOpen }) => isOpen).sort()).toEqual([false, true])
  })

  const signing = (signLabel: VaultDevice['signLabel']): VaultDevice => ({ ...softDevice(), signLabel })
  const refusals: readonly (readonly [string, VaultDevice, object, string])[] = [
    [
      'a device that signs nothing',
      signing(() => Promise.resolve({ outcome: 'failed', code: 'device-policy', message: 'no' })),
      {},
      'vault-device-failed',
    ],
    [
      'a device that signs with another key',
      { ...softDevice(), signLabel: softDevice('other', OTHER).signLabel },
      {},
      'vault-device-failed',
    ],
    [
      'a device that was not seen yet',
      { ...softDevice(), publicKey: () => undefined },
      {},
      'vault-device-failed',
    ],
    [
      'a device with a key of another curve',
      { ...softDevice(), publicKey: () => ({ curve: 'p256', bytes: new Uint8Array(33) }) },
      {},
      'vault-device-failed',
    ],
    ['a device that is not configured', softDevice(), { device: 'tezio1' }, 'vault-wrong-device'],
    ['a passphrase of 11 bytes', softDevice(), { passphrase: passphrase('elevenbytes') }, 'weak-passphrase'],
  ]
  test.each(refusals)('is not made with %s', async (_, device, parts, code) => {
    const store = new MemoryStore()
    const vault = new Vault({ store, devices: [device], kdf: QUICK })
    const wanted = { kind: 'device', device: 'tezio0', op: 3, passphrase: passphrase(), ...parts } as const
    expect(outcomeOf(await vault.create(wanted))).toBe(code)
    expect(store.header).toBeUndefined()
    expect(vault.isOpen).toBe(false)
  })

  test('is not made with a device whose signatures change, though each of them verifies', async () => {
    const secret = new Uint8Array(32).fill(7)
    let asked = 0
    const device = signing((label) => {
      asked += 1
      return Promise.resolve({
        outcome: 'signed',
        signature: drawnAnew(payloadDigest(label), secret, BigInt(asked)),
      })
    })
    const store = new MemoryStore()
    const vault = new Vault({ store, devices: [device], kdf: QUICK })
    const wanted = { kind: 'device', device: 'tezio0', op: 3, passphrase: passphrase() } as const
    expect(outcomeOf(await vault.create(wanted))).toBe('vault-device-unsteady')
    expect([asked, store.header]).toEqual([2, undefined])
  })

  test('is not made with a key derivation that its own reader would refuse', async () => {
    const store = new MemoryStore()
    const vault = new Vault({ store, devices: [softDevice()], kdf: { ...SCRYPT, n: 2 ** 30 } })
    const wanted = { kind: 'device', device: 'tezio0', op: 3, passphrase: passphrase() } as const
    expect(outcomeOf(await vault.create(wanted))).toBe('kdf-too-costly')
  })
})

describe('a vault after a restart', () => {
  test('is opened by its device and passphrase, and closed again', async () => {
    const { open } = await vaultBench()
    const vault = open()
    expect(vault.isOpen).toBe(false)
    expect(await vault.unlock(passphrase())).toEqual({ outcome: 'opened' })
    expect(vault.isOpen).toBe(true)
    vault.lock()
    expect(vault.isOpen).toBe(false)
  })

  test('is opened by the words of its recovery slot, without a device', async () => {
    const { open, words } = await vaultBench()
    const vault = open([])
    expect(await vault.recover(words)).toEqual({ outcome: 'opened' })
    expect(vault.isOpen).toBe(true)
  })

  test('stays closed for a wrong passphrase, another device, wrong words and words of another vault', async () => {
    const { open, words } = await vaultBench()
    const other = await vaultBench()
    const vault = open()
    expect(outcomeOf(await vault.unlock(passphrase('another long secret')))).toBe('vault-wrong-secret')
    expect(outcomeOf(await open([softDevice('tezio0', OTHER)]).unlock(passphrase()))).toBe(
      'vault-wrong-device',
    )
    expect(outcomeOf(await open([]).unlock(passphrase()))).toBe('vault-wrong-device')
    expect(outcomeOf(await vault.recover(other.words))).toBe('vault-wrong-secret')
    expect(outcomeOf(await vault.recover(words.slice(5)))).toBe('vault-wrong-secret')
    expect(vault.isOpen).toBe(false)
  })

  test('does not open with the signature of another device under the same name and address', async () => {
    const { open } = await vaultBench()
    const liar = { ...softDevice(), signLabel: softDevice('x', OTHER).signLabel }
    expect(outcomeOf(await open([liar]).unlock(passphrase()))).toBe('vault-device-failed')
  })

  test('stays open when somebody then gives a wrong passphrase', async () => {
    const { vault } = await vaultBench()
    await vault.unlock(passphrase('another long secret'))
    expect(vault.isOpen).toBe(true)
  })

  const spoilt: readonly (readonly [string, (slot: KeySlot, other: KeySlot) => KeySlot])[] = [
    ['a changed byte', (slot) => ({ ...slot, sealed: { ...slot.sealed, ct: flipped(slot.sealed.ct) } })],
    ['a changed tag', (slot) => ({ ...slot, sealed: { ...slot.sealed, tag: flipped(slot.sealed.tag) } })],
    [
      'a changed nonce',
      (slot) => ({ ...slot, sealed: { ...slot.sealed, nonce: flipped(slot.sealed.nonce) } }),
    ],
    ['another id', (slot) => ({ ...slot, slotId: flipped(slot.slotId) })],
    ['another date', (slot) => ({ ...slot, createdAt: '2020-01-01T00:00:00.000Z' })],
    ['other parameters', (slot) => ({ ...slot, kdf: { ...slot.kdf, n: 32 } })],
    ['another first byte', (slot) => (slot.kind === 'device' ? { ...slot, op: 5 } : slot)],
    ['the vault of another one', (slot, other) => ({ ...slot, vaultId: other.vaultId })],
    ['the seal of another slot', (slot, other) => ({ ...slot, sealed: other.sealed })],
    ['a whole slot of another vault', (_, other) => other],
  ]
  test.each(spoilt)('does not open by a slot with %s', async (_, spoil) => {
    const { store, open } = await vaultBench()
    const other = await vaultBench()
    const { header } = store
    const [device, recovery] = header!.slots
    store.header = { ...header!, slots: [spoil(device!, other.store.header!.slots[0]!), recovery!] }
    const vault = open()
    expect(outcomeOf(await vault.unlock(passphrase()))).toBe('vault-wrong-secret')
    expect(vault.isOpen).toBe(false)
  })

  test('refuses the memory that a hostile slot asks for, by name and before the device is asked', async () => {
    const device = softDevice()
    const { store, open, words } = await vaultBench(device)
    const costly = store.header!.slots.map((slot) => ({ ...slot, kdf: { ...slot.kdf, n: 2 ** 30 } }))
    store.header = { ...store.header!, slots: costly }
    expect(await open().unlock(passphrase())).toMatchObject({
      refusal: { code: 'kdf-too-costly', message: expect.stringContaining('N=1073741824') as string },
    })
    expect(device.labels).toHaveLength(2)
    expect(outcomeOf(await open().recover(words))).toBe('kdf-too-costly')
  })
})

describe('the slots of a vault', () => {
  test('are added by an open one: a second device, a second passphrase, other words', async () => {
    const { store, vault, open } = await vaultBench()
    const second = softDevice('tezio1', OTHER)
    const both = new Vault({ store, devices: [softDevice(), second], kdf: QUICK })
    await both.unlock(passphrase())
    const slot = {
      kind: 'device',
      device: 'tezio1',
      op: 3,
      passphrase: passphrase('a second long secret'),
    } as const
    expect(outcomeOf(await both.addSlot(slot))).toBe('added')
    const added = await vault.addSlot({ kind: 'recovery' })
    expect(outcomeOf(await open([second]).unlock(passphrase('a second long secret')))).toBe('opened')
    expect(outcomeOf(await open([second]).unlock(passphrase()))).toBe('vault-wrong-secret')
    expect(added.outcome === 'added' && outcomeOf(await open([]).recover(added.words!))).toBe('opened')
  })

  test('are neither added nor removed while it is locked', async () => {
    const { store, open } = await vaultBench()
    const before = store.header!
    expect(outcomeOf(await open().addSlot({ kind: 'recovery' }))).toBe('vault-locked')
    expect(outcomeOf(await open().removeSlot(before.slots[0]!.slotId))).toBe('vault-locked')
    expect(store.header).toBe(before)
  })

  test('never become fewer than two', async () => {
    const { store, vault, open } = await vaultBench()
    const [first, second] = store.header!.slots
    expect(outcomeOf(await vault.removeSlot(first!.slotId))).toBe('vault-few-slots')
    await vault.addSlot({ kind: 'recovery' })
    expect(outcomeOf(await vault.removeSlot(first!.slotId))).toBe('removed')
    expect(outcomeOf(await vault.removeSlot(second!.slotId))).toBe('vault-few-slots')
    expect(outcomeOf(await open().unlock(passphrase()))).toBe('vault-wrong-device')
    expect(outcomeOf(await vault.removeSlot(first!.slotId))).toBe('vault-slot-unknown')
  })

  test('of two who change them at the same time only one is taken', async () => {
    const { store, vault } = await vaultBench()
    const added = await Promise.all([
      vault.addSlot({ kind: 'recovery' }),
      vault.addSlot({ kind: 'recovery' }),
    ])
    expect(added.map(outcomeOf).sort()).toEqual(['added', 'vault-busy'])
    expect(store.header).toMatchObject({ revision: 2, slots: { length: 3 } })
  })

  test('hold the true key, also when the vault is locked while one is being added', async () => {
    const { vault, open } = await vaultBench()
    const adding = vault.addSlot({ kind: 'recovery' })
    await Promise.resolve()
    vault.lock()
    const added = await adding
    const words = added.outcome === 'added' ? added.words! : ''
    const reopened = open()
    await reopened.recover(words)
    const byDevice = open()
    await byDevice.unlock(passphrase())
    expect(reopened.key?.copy()).toEqual(byDevice.key?.copy())
  })
})

/** The same hex with another first digit. */
function flipped(hex: string): string {
  return `${hex.startsWith('0') ? '1' : '0'}${hex.slice(1)}`
}
