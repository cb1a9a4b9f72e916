import { readFileSync, writeFileSync } from 'node:fs'
import { exportAccount, importAccount, ownerSchema } from '../../accounts/index.js'
import { loadConfig } from '../../config/index.js'
import { parseEthAddress } from '../../ethereum/index.js'
import { RefusedError, UsageError } from '../exit-code.js'
import type { Output } from '../output.js'
import { askNewPassphrase, askPassphrase } from '../passphrase.js'
import type { ConfigOptions } from '../serve.js'
import { withOpenVault } from './offline-accounts.js'

export type KeystoreOptions = ConfigOptions & { readonly recovery?: boolean | undefined }

/** Writes a vault account to a new keystore file, under a passphrase of its own. The daemon must be stopped. */
export async function exportKeystore(
  text: string,
  options: KeystoreOptions & { readonly out: string },
  { out }: Output,
): Promise<void> {
  const address = parseEthAddress(text)
  if (address === undefined)
    throw new UsageError(`${text} is no address in lower case or with a right checksum`)
  const config = loadConfig(options.config, { stateDir: options.stateDir })
  await withOpenVault(config, options.recovery === true, async (accounts) => {
    const passphrase = await askNewPassphrase('the keystore')
    try {
      const made = await exportAccount(accounts, address, passphrase)
      if (made.outcome === 'refused') throw new RefusedError(`${made.refusal.code}: ${made.refusal.message}`)
      writeFileSync(options.out, made.text, { flag: 'wx', mode: 0o600 })
    } finally {
      passphrase.fill(0)
    }
  })
  out(`${options.out} holds the key of ${address}; the account stays here too\n`)
}

/** Takes a keystore's key into the vault. The daemon must be stopped. */
export async function importKeystore(
  file: string,
  options: KeystoreOptions & { readonly owner: string },
  { out }: Output,
): Promise<void> {
  const { owner } = options
  if (!ownerSchema.safeParse(owner).success) {
    throw new UsageError('--owner is not 1 to 64 letters, digits, dots, dashes and underscores')
  }
  const text = readFileSync(file, 'utf8')
  const config = loadConfig(options.config, { stateDir: options.stateDir })
  await withOpenVault(config, options.recovery === true, async (accounts) => {
    const passphrase = await askPassphrase('Passphrase of the keystore: ')
    try {
      const made = await importAccount(accounts, { text, passphrase, owner })
      if (made.outcome === 'refused') throw new RefusedError(`${made.refusal.code}: ${made.refusal.message}`)
      out(`${made.account.address} is an account of ${owner}; whoever has the keystore has its key too\n`)
    } finally {
      passphrase.fill(0)
    }
  })
}
