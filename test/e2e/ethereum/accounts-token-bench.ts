import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { vi } from 'vitest'
import { AccountsJournal, type AccountRecord } from '../../../src/accounts/index.js'
import { Opened, PIN } from '../../device/pkcs11/rig.js'
import { MODULE, type SoftTokens, type TokenObject } from '../../device/pkcs11/soft-tokens.js'
import { AccountsBench } from './accounts-bench.js'

const LABEL = 'accounts'

/** Accounts whose keys are in a token of SoftHSM2, beside a board that bakes. */
export class AccountsTokenBench {
  readonly accounts: AccountsBench
  readonly tokens: SoftTokens
  readonly #opened: Opened

  private constructor(accounts: AccountsBench, tokens: SoftTokens, opened: Opened) {
    this.accounts = accounts
    this.tokens = tokens
    this.#opened = opened
  }

  static async make(): Promise<AccountsTokenBench> {
    const opened = new Opened()
    const tokens = opened.tokens()
    tokens.add(LABEL, PIN)
    const hsm = { module: MODULE, token: { label: LABEL }, pin_file: './accounts.pin' }
    const accounts = await AccountsBench.make({ accounts: { hsm, custody: 'hsm' } })
    writeFileSync(join(accounts.bench.folder, 'accounts.pin'), PIN, { mode: 0o600 })
    return new AccountsTokenBench(accounts, tokens, opened)
  }

  /** What is on the token. */
  objects(): readonly TokenObject[] {
    return this.tokens.objects(LABEL, PIN)
  }

  /** A P-256 key under an id, which is an account's for nobody. */
  addOther(id: string): void {
    this.tokens.addKey({ by: 'label', value: LABEL }, PIN, { curve: 'p256', label: 'other', id })
  }

  /** Resolves when the daemon has ended whatever one before it left half done in the token. */
  async settled(): Promise<void> {
    await vi.waitUntil(async () => (await this.accounts.pending()) === 0, { timeout: 10_000, interval: 5 })
  }

  /** The accounts in the journal of a daemon that has ended. */
  async records(): Promise<readonly AccountRecord[]> {
    const store = AccountsJournal.open({ directory: this.accounts.bench.stateDir })
    try {
      return await store.accounts()
    } finally {
      await store.close()
    }
  }

  async close(): Promise<void> {
    await this.accounts.close()
    await this.#opened.close()
  }
}
