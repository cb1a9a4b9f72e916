import { z } from 'zod'
import type { AccountsConfig, Config } from '../../config/index.js'
import { loadConfig } from '../../config/index.js'
import { UsageError } from '../exit-code.js'
import { json, table, type Output } from '../output.js'
import { askNewPassphrase, askPassphrase } from '../passphrase.js'
import type { ConfigOptions } from '../serve.js'
import { askAccounts } from './ask-accounts.js'

export type VaultOptions = ConfigOptions & {
  readonly device?: string | undefined
  readonly op?: number | undefined
  readonly recovery?: boolean | undefined
  readonly json?: boolean | undefined
}

const slotSchema = z.object({
  slotId: z.string(),
  kind: z.string(),
  device: z.string().optional(),
  createdAt: z.string(),
})
const createdSchema = z.object({ slots: z.array(slotSchema), words: z.string() })
const addedSchema = z.object({ slot: slotSchema, words: z.string().optional() })
const slotsSchema = z.object({ slots: z.array(slotSchema) })

/** Makes the vault, with a slot of a board and one for recovery, whose words are shown once. */
export async function createVault(options: VaultOptions, { out }: Output): Promise<void> {
  const { config, vault } = vaultOf(options)
  const query = slotQuery(options, vault)
  const passphrase = await askNewPassphrase('the vault')
  const made = createdSchema.parse(await askAccounts(config.stateDir, 'vault-create', query, passphrase))
  out(`the vault is made, and open until the daemon ends\n\n${wordsText(made.words)}`)
}

/** Shows the ways to open the vault. */
export async function showSlots(options: VaultOptions, { out }: Output): Promise<void> {
  const { config } = vaultOf(options)
  const { slots } = slotsSchema.parse(await askAccounts(config.stateDir, 'vault-slots'))
  const rows = slots.map(({ slotId, kind, device, createdAt }) => [slotId, kind, device ?? '-', createdAt])
  out(options.json === true ? json({ slots }) : table(['SLOT', 'KIND', 'DEVICE', 'SINCE'], rows))
}

/** Adds a way to open the vault: a board with a passphrase of its own, or other words. */
export async function addSlot(options: VaultOptions, { out }: Output): Promise<void> {
  const { config, vault } = vaultOf(options)
  const isRecovery = options.recovery === true
  const query = isRecovery ? { kind: 'recovery' } : slotQuery(options, vault)
  const passphrase = isRecovery ? undefined : await askNewPassphrase('this slot')
  const added = addedSchema.parse(await askAccounts(config.stateDir, 'vault-add-slot', query, passphrase))
  out(`slot ${added.slot.slotId} is added\n`)
  if (added.words !== undefined) out(`\n${wordsText(added.words)}`)
}

/** Takes a way to open the vault away. */
export async function removeSlot(slot: string, options: VaultOptions, { out }: Output): Promise<void> {
  const { config } = vaultOf(options)
  await askAccounts(config.stateDir, 'vault-remove-slot', { slot })
  out(`slot ${slot} is removed\n`)
}

/** Opens the vault of the running daemon. */
export async function unlock(options: VaultOptions, { out }: Output): Promise<void> {
  const { config } = vaultOf(options)
  const isRecovery = options.recovery === true
  const secret = await askPassphrase(isRecovery ? 'The 24 words: ' : 'Passphrase: ')
  await askAccounts(config.stateDir, isRecovery ? 'recover' : 'unlock', {}, secret)
  out('the vault is open until the daemon ends\n')
}

/** Closes the vault of the running daemon. */
export async function lock(options: VaultOptions, { out }: Output): Promise<void> {
  const { config } = vaultOf(options)
  await askAccounts(config.stateDir, 'lock')
  out('the vault is locked\n')
}

function vaultOf(options: ConfigOptions): {
  readonly config: Config
  readonly vault: NonNullable<AccountsConfig['vault']>
} {
  const config = loadConfig(options.config, { stateDir: options.stateDir })
  const vault = config.accounts?.vault
  if (vault !== undefined) return { config, vault }
  throw new UsageError(`${options.config} has no accounts.vault`)
}

function slotQuery(
  { device, op = 3 }: VaultOptions,
  { devices }: { readonly devices: readonly string[] },
): { readonly device: string; readonly op: string } {
  const [only] = devices
  if (device === undefined && devices.length > 1) {
    throw new UsageError(`--device is needed: ${devices.join(' or ')}`)
  }
  const name = device ?? only
  if (name === undefined || !devices.includes(name)) {
    throw new UsageError(`--device ${name ?? ''} is none of accounts.vault.devices: ${devices.join(', ')}`)
  }
  return { device: name, op: String(op) }
}

/** Four words in a row, numbered, as they are copied to paper. */
function wordsText(words: string): string {
  const list = words.split(' ')
  const rows = Array.from({ length: Math.ceil(list.length / 4) }, (_, row) =>
    list.slice(row * 4, row * 4 + 4).map((word, at) => `${row * 4 + at + 1}. ${word}`),
  )
  return `These 24 words open the vault without a board and without the passphrase. They are shown once:
write them down on paper, and keep that where neither the board nor this host is.

${table(['', '', '', ''], rows)}`
}
