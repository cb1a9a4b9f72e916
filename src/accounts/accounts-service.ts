import { parseEthAddress, signatureBytes, signedBytes, toHex0x, keccak256 } from '../ethereum/index.js'
import type { AccountRecord, Custody } from './account-record.js'
import { AccountsError } from './accounts-error.js'
import type { AccountsParts } from './accounts-parts.js'
import type { AccountsCaller, Scope } from './caller.js'
import { AccountCreation, type Created } from './create-account.js'
import { refused, type AccountsRefused } from './refusal.js'
import { readSignRequest, type Signable } from './request/sign-request.js'
import { signWithAccount } from './sign-with-account.js'

/** What is told of an account. */
export type AccountView = {
  readonly address: string
  readonly publicKey: string
  readonly custody: Custody
  readonly owner: string
  readonly createdAt: string
}

/** `isNew` is false where the same idempotency key had made it before. */
export type AccountCreated =
  { readonly outcome: 'created'; readonly account: AccountView; readonly isNew: boolean } | AccountsRefused

/** An account that the caller owns. */
export type AccountFound = { readonly outcome: 'found'; readonly account: AccountView } | AccountsRefused

/** What was signed; hex with 0x. */
export type AccountSigned =
  | {
      readonly outcome: 'signed'
      readonly address: string
      /** `vault`: the key was in this host's memory while it signed; `hsm`: it never left its token. */
      readonly custody: Custody
      /** R, S and 27 or 28. */
      readonly signature: string
      /** What was signed, as it is hashed. */
      readonly digest: string
      /** A transaction as a node takes it, and its hash. */
      readonly transaction?: { readonly raw: string; readonly hash: string }
    }
  | AccountsRefused

/** How accounts are, for an operator. */
export type AccountsStatus = {
  readonly vault: 'none' | 'locked' | 'open'
  readonly slots: number
  readonly accounts: Readonly<Record<Custody, number>>
  /** Keys that a token was asked for, and nothing is known of yet. */
  readonly pending: number
}

/** Makes accounts, and signs with them for their owners. No answer of it holds a private key. */
export class AccountsService {
  readonly #options: AccountsParts
  readonly #creation: AccountCreation

  constructor(options: AccountsParts) {
    this.#options = options
    this.#creation = new AccountCreation(options)
  }

  /** Ends what a crash left half done in the token, as far as the token can be asked; call it again when it can. */
  settle(): Promise<void> {
    return this.#creation.settle()
  }

  /** Makes an account, or finds the one that the same owner made under the same idempotency key. */
  create(
    caller: AccountsCaller,
    wanted: { readonly custody?: Custody | undefined; readonly idempotencyKey?: string | undefined },
  ): Promise<AccountCreated> {
    return this.#guarded(caller, 'accounts:create', async () => {
      const { custody = this.#options.settings.custody, idempotencyKey } = wanted
      const made: Created = await this.#creation.create({ owner: caller.owner, custody, idempotencyKey })
      if (made.outcome === 'refused') return made
      return { outcome: 'created', account: viewOf(made.account), isNew: made.isNew }
    })
  }

  /** Finds an account of the caller's owner. */
  get(caller: AccountsCaller, address: string): Promise<AccountFound> {
    return this.#guarded(caller, 'accounts:read', async () => {
      const found = await this.#own(caller, address)
      return 'outcome' in found ? found : { outcome: 'found', account: viewOf(found) }
    })
  }

  /** Signs with an account of the caller's owner what `readSignRequest` reads. */
  sign(caller: AccountsCaller, address: string, request: unknown): Promise<AccountSigned> {
    return this.#guarded(caller, 'accounts:sign', async () => {
      const read = readSignRequest(request, this.#options.settings)
      if (read.outcome === 'refused') return read
      const account = await this.#own(caller, address)
      return 'outcome' in account ? account : this.#signWith(account, read.signable)
    })
  }

  /** Every account, for the command line. Rejects with an AccountsError. */
  async list(): Promise<readonly AccountView[]> {
    return (await this.#options.store.accounts()).map(viewOf)
  }

  /** How accounts are. Rejects with an AccountsError. */
  async status(): Promise<AccountsStatus> {
    const { store, vault } = this.#options
    const [header, accounts, intents] = await Promise.all([store.vault(), store.accounts(), store.intents()])
    const ofCustody = (custody: Custody) => accounts.filter((one) => one.custody === custody).length
    return {
      vault: header === undefined ? 'none' : vault?.isOpen === true ? 'open' : 'locked',
      slots: header?.slots.length ?? 0,
      accounts: { vault: ofCustody('vault'), hsm: ofCustody('hsm') },
      pending: intents.length,
    }
  }

  async #signWith(account: AccountRecord, { digest, transaction }: Signable): Promise<AccountSigned> {
    const { vault, token } = this.#options
    const made = await signWithAccount(account, digest, { vaultKey: vault?.key, token })
    if (made.outcome === 'refused') return made
    const { signature } = made
    const raw = transaction === undefined ? undefined : signedBytes(transaction, signature)
    return {
      ...{ outcome: 'signed', address: account.address, custody: account.custody },
      ...{ signature: toHex0x(signatureBytes(signature)), digest: toHex0x(digest) },
      ...(raw === undefined ? {} : { transaction: { raw: toHex0x(raw), hash: toHex0x(keccak256(raw)) } }),
    }
  }

  /** An account of the caller's owner; of somebody else's nothing is told, not even that there is one. */
  async #own({ owner }: AccountsCaller, text: string): Promise<AccountRecord | AccountsRefused> {
    const address = parseEthAddress(text)
    if (address === undefined) {
      return refused('malformed-request', 'the address is neither in lower case nor has a right checksum')
    }
    const account = await this.#options.store.account(address)
    if (account?.owner === owner) return account
    return refused('unknown-account', `${address} is no account of this API key's owner`)
  }

  async #guarded<Result>(
    { keyId, scopes }: AccountsCaller,
    scope: Scope,
    work: () => Promise<Result>,
  ): Promise<Result | AccountsRefused> {
    if (!scopes.includes(scope)) {
      const text = `API key ${keyId} has ${scopes.join(', ') || 'no scope'}; this needs ${scope}`
      return refused('scope-missing', text)
    }
    try {
      return await work()
    } catch (error) {
      if (error instanceof AccountsError) return refused(error.code, error.message)
      throw error
    }
  }
}

function viewOf({ address, publicKey, custody, owner, createdAt }: AccountRecord): AccountView {
  return { address, publicKey, custody, owner, createdAt }
}
