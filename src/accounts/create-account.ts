import { randomBytes } from 'node:crypto'
import { secp256k1 } from '@noble/curves/secp256k1.js'
import { addressOfPublicKey, parseEthPublicKey, toHex0x, type EthPublicKey } from '../ethereum/index.js'
import {
  idempotencyKeySchema,
  type AccountFacts,
  type AccountRecord,
  type CreationIntent,
  type Custody,
} from './account-record.js'
import { AccountsError } from './accounts-error.js'
import type { AccountsParts } from './accounts-parts.js'
import type { AccountsToken } from './accounts-token.js'
import { refused, type AccountsRefused } from './refusal.js'
import { tokenRefusal, TOKEN_MS } from './token-refusal.js'
import { FEWEST_SLOTS } from './vault/vault.js'

/** An account, new or known. */
export type Created =
  { readonly outcome: 'created'; readonly account: AccountRecord; readonly isNew: boolean } | AccountsRefused

type Wanted = {
  readonly owner: string
  readonly custody: Custody
  readonly idempotencyKey: string | undefined
}

/** What another host began and has not ended after this long was left by a crash, in ms. */
const ABANDONED_MS = 10 * 60_000

/**
 * Makes accounts, so that a crash at any instant leaves none or a usable one. A vault's is one durable record. A token's
 * begins with an intent that names the key to come; with the intent alone, what became of it is asked of the token.
 */
export class AccountCreation {
  readonly #options: AccountsParts
  /** Creations at work here, whose intents are nobody else's to settle. */
  readonly #atWork = new Set<string>()

  constructor(options: AccountsParts) {
    this.#options = options
  }

  async create(wanted: Wanted): Promise<Created> {
    const { owner, custody, idempotencyKey } = wanted
    if (idempotencyKey !== undefined) {
      if (!idempotencyKeySchema.safeParse(idempotencyKey).success) {
        const text = 'the idempotency key is not 1 to 64 visible ASCII characters without spaces'
        return refused('malformed-request', text)
      }
      const known = await this.#options.store.accountOf(owner, idempotencyKey)
      if (known !== undefined) return sameOrConflict(known, custody)
    }
    return custody === 'vault' ? this.#inVault(wanted) : this.#inToken(wanted)
  }

  /**
   * Ends the intents that nobody works on: a key that is there becomes its account, one that is not is given up. Rejects
   * with the first reason why one could not be ended, when it has tried all.
   */
  async settle(): Promise<void> {
    const { store, token } = this.#options
    if (token === undefined) return
    const failures: unknown[] = []
    for (const intent of await store.intents()) {
      if (!this.#isAbandoned(intent)) continue
      await this.#settleOne(intent, token).catch((error: unknown) => failures.push(error))
    }
    if (failures.length > 0) throw failures[0]
  }

  async #inVault({ owner, idempotencyKey }: Wanted): Promise<Created> {
    const { store, vault, settings } = this.#options
    if (vault === undefined || settings.vault === undefined) return notConfigured('vault')
    const header = await store.vault()
    if (header === undefined) {
      return refused('vault-missing', 'there is no vault yet; to make it: tezio-bridge accounts vault create')
    }
    if (header.slots.length < FEWEST_SLOTS) {
      const text = `the vault has ${header.slots.length} slot, and takes no account before it has ${FEWEST_SLOTS}; add one: tezio-bridge accounts vault add-slot`
      return refused('vault-few-slots', text)
    }
    const { key } = vault
    if (key === undefined) {
      return refused('vault-locked', 'the vault is locked; to open it: tezio-bridge accounts unlock')
    }
    const privateKey = secp256k1.utils.randomSecretKey()
    try {
      const publicKey = parseEthPublicKey(secp256k1.getPublicKey(privateKey, false))
      if (publicKey === undefined) throw new Error('a new private key without a public key')
      const facts = this.#facts({ accountId: newId(), owner, idempotencyKey, publicKey })
      const account = key.seal(facts, header.vaultId, privateKey)
      const stored = await store.addAccount(account)
      if (stored.outcome === 'known') return sameOrConflict(stored.account, 'vault')
      return { outcome: 'created', account, isNew: true }
    } finally {
      privateKey.fill(0)
    }
  }

  async #inToken({ owner, idempotencyKey }: Wanted): Promise<Created> {
    const { store, token, host } = this.#options
    if (token === undefined) return notConfigured('hsm')
    const accountId = newId()
    const intent: CreationIntent = {
      ...{ v: 1, accountId, owner, token: token.name, host, createdAt: this.#now().toISOString() },
      ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
    }
    this.#atWork.add(accountId)
    try {
      await token.ready(TOKEN_MS) // before anything is written down
      const begun = await store.addIntent(intent)
      if (begun.outcome === 'known') return sameOrConflict(begun.account, 'hsm')
      if (begun.outcome === 'pending') return await this.#resume(begun.intent, token)
      return await this.#finish(intent, await token.generate(accountId), token)
    } catch (error) {
      if (error instanceof AccountsError) throw error
      return tokenRefusal(token.name, error)
    } finally {
      this.#atWork.delete(accountId)
    }
  }

  /** The same was asked before and did not end: its key may be there. */
  async #resume(intent: CreationIntent, token: AccountsToken): Promise<Created> {
    const text = 'the same account is being created, or was left half done; ask again in a moment'
    const account = this.#isAbandoned(intent) ? await this.#settleOne(intent, token) : undefined
    if (account === undefined) return refused('idempotency-conflict', text)
    return { outcome: 'created', account, isNew: false }
  }

  async #settleOne(intent: CreationIntent, token: AccountsToken): Promise<AccountRecord | undefined> {
    if (intent.token !== token.name) return undefined
    await token.ready(TOKEN_MS)
    const publicKey = await token.publicKeyOf(intent.accountId)
    if (publicKey === undefined) {
      await this.#options.store.closeIntent(intent.accountId)
      return undefined
    }
    const made = await this.#finish(intent, publicKey, token)
    return made.outcome === 'created' ? made.account : undefined
  }

  async #finish(intent: CreationIntent, publicKey: EthPublicKey, token: AccountsToken): Promise<Created> {
    const facts = this.#facts({ ...intent, idempotencyKey: intent.idempotencyKey, publicKey })
    const account: AccountRecord = { ...facts, custody: 'hsm', token: token.name }
    const stored = await this.#options.store.addAccount(account)
    if (stored.outcome === 'known') {
      // somebody else ended it, or the call made another account meanwhile: the key is nobody's then
      await this.#options.store.closeIntent(intent.accountId)
      return sameOrConflict(stored.account, 'hsm')
    }
    try {
      await token.label(intent.accountId, facts.address)
    } catch {
      // a name is for people who look at the token: without it nothing is missing
    }
    return { outcome: 'created', account, isNew: true }
  }

  #facts(parts: {
    readonly accountId: string
    readonly owner: string
    readonly idempotencyKey: string | undefined
    readonly publicKey: EthPublicKey
  }): AccountFacts {
    const { accountId, owner, idempotencyKey, publicKey } = parts
    return {
      ...{ v: 1, accountId, alg: 'secp256k1', owner, createdAt: this.#now().toISOString() },
      ...{ address: addressOfPublicKey(publicKey), publicKey: toHex0x(publicKey) },
      ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
    }
  }

  #isAbandoned({ accountId, host, createdAt }: CreationIntent): boolean {
    if (this.#atWork.has(accountId)) return false
    return host === this.#options.host || this.#now().getTime() - Date.parse(createdAt) > ABANDONED_MS
  }

  #now(): Date {
    return this.#options.now?.() ?? new Date()
  }
}

function sameOrConflict(account: AccountRecord, custody: Custody): Created {
  if (account.custody === custody) return { outcome: 'created', account, isNew: false }
  const text = `this idempotency key made ${account.address} in custody ${account.custody}; use another one`
  return refused('idempotency-conflict', text)
}

function notConfigured(custody: Custody): AccountsRefused {
  return refused(
    'custody-not-configured',
    `custody ${custody} needs \`accounts.${custody}\` in the configuration`,
  )
}

function newId(): string {
  return randomBytes(16).toString('hex')
}
