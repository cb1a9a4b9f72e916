import { AccountsService } from '../../src/accounts/accounts-service.js'
import type { AccountsStore } from '../../src/accounts/accounts-store.js'
import type { AccountsCaller } from '../../src/accounts/caller.js'
import type { AccountsSettings } from '../../src/accounts/settings.js'
import { Vault } from '../../src/accounts/vault/vault.js'
import { MemoryStore } from './memory-store.js'
import { SoftToken } from './soft-token.js'
import { passphrase, QUICK, softDevice } from './vault/fixture.js'

/** Everything is allowed on two chains. */
export const SETTINGS: AccountsSettings = {
  vault: { devices: ['tezio0'] },
  custody: 'vault',
  sign: ['message', 'typed_data', 'transaction'],
  chains: [1, 11155111],
}

/** Somebody who may do everything with accounts of an owner. */
export function caller(owner = 'alice', parts: Partial<AccountsCaller> = {}): AccountsCaller {
  return {
    keyId: `key-of-${owner}`,
    owner,
    scopes: ['accounts:create', 'accounts:read', 'accounts:sign'],
    ...parts,
  }
}

/** A service with a token and an open vault, in software; what is given again is a restart. */
export async function serviceBench(
  parts: {
    readonly settings?: Partial<AccountsSettings>
    readonly store?: AccountsStore
    readonly token?: SoftToken
    readonly host?: string
  } = {},
) {
  const { store = new MemoryStore(), token = new SoftToken(), host = 'here' } = parts
  const vault = new Vault({ store, devices: [softDevice()], kdf: QUICK })
  const opened = await vault.unlock(passphrase())
  if (opened.outcome === 'refused') {
    await vault.create({ kind: 'device', device: 'tezio0', op: 3, passphrase: passphrase() })
  }
  const settings = { ...SETTINGS, ...parts.settings }
  const clock = { now: new Date('2026-11-22T06:00:00Z') }
  const service = new AccountsService({ settings, store, vault, token, host, now: () => clock.now })
  const create = async (custody: 'vault' | 'hsm' = 'vault', owner = 'alice', idempotencyKey?: string) => {
    const made = await service.create(caller(owner), { custody, idempotencyKey })
    if (made.outcome === 'refused') throw new Error(`${made.refusal.code}: ${made.refusal.message}`)
    return made.account
  }
  return { service, store, token, vault, clock, create }
}
