import { InvalidArgumentError, type Command } from 'commander'
import { PRINT_JSON } from '../options.js'
import type { Output } from '../output.js'

/** `tezio-bridge accounts` and what is below it; loaded when it is called. */
export function addAccounts(program: Command, output: Output): void {
  const accounts = program.command('accounts').description('managed accounts, their vault and API keys')
  addVault(accounts, output)
  addApiKeys(accounts, output)
  addKeystores(accounts, output)

  accounts
    .command('unlock')
    .description('open the vault of the running daemon, with a board and its passphrase')
    .option('--recovery', 'with the 24 words of a recovery slot instead')
    .action(async (_options, command: Command) => {
      const { unlock } = await import('./vault-commands.js')
      await unlock(command.optsWithGlobals(), output)
    })
  accounts
    .command('lock')
    .description('close the vault of the running daemon: its key is wiped')
    .action(async (_options, command: Command) => {
      const { lock } = await import('./vault-commands.js')
      await lock(command.optsWithGlobals(), output)
    })
  accounts
    .command('list')
    .description('show every account of the running daemon')
    .option('--json', PRINT_JSON)
    .action(async (_options, command: Command) => {
      const { listAccounts } = await import('./account-commands.js')
      await listAccounts(command.optsWithGlobals(), output)
    })
}

function addVault(accounts: Command, output: Output): void {
  const vault = accounts.command('vault').description('the vault and the ways to open it')
  vault
    .command('create')
    .description('make the vault, with a slot of a board and one for recovery; its words are shown once')
    .option('--device <name>', 'the board, where accounts.vault.devices names several')
    .option('--op <byte>', 'first byte of what the board signs; its own policy must allow it', parseByte)
    .action(async (_options, command: Command) => {
      const { createVault } = await import('./vault-commands.js')
      await createVault(command.optsWithGlobals(), output)
    })
  vault
    .command('slots')
    .description('show the ways to open the vault')
    .option('--json', PRINT_JSON)
    .action(async (_options, command: Command) => {
      const { showSlots } = await import('./vault-commands.js')
      await showSlots(command.optsWithGlobals(), output)
    })
  vault
    .command('add-slot')
    .description('add a board with a passphrase of its own, or other words; the vault must be open')
    .option('--device <name>', 'the board, where accounts.vault.devices names several')
    .option('--op <byte>', 'first byte of what the board signs', parseByte)
    .option('--recovery', 'words instead of a board')
    .action(async (_options, command: Command) => {
      const { addSlot } = await import('./vault-commands.js')
      await addSlot(command.optsWithGlobals(), output)
    })
  vault
    .command('remove-slot')
    .description('take a way to open the vault away; two are left at least')
    .argument('<slot>', 'its id, as slots shows it')
    .action(async (slot: string, _options, command: Command) => {
      const { removeSlot } = await import('./vault-commands.js')
      await removeSlot(slot, command.optsWithGlobals(), output)
    })
}

function addApiKeys(accounts: Command, output: Output): void {
  const keys = accounts.command('api-key').description('who may make accounts and sign with them')
  keys
    .command('create')
    .description('make an API key and show it once; it holds at once')
    .option('--scope <scope...>', 'accounts:create, accounts:read, accounts:sign (default: all)')
    .option('--per-minute <count>', 'requests in a minute (default: 60)', parseCount)
    .option('--owner <name>', 'whose accounts it makes and sees, for several keys of one owner')
    .option('--json', PRINT_JSON)
    .action(async (_options, command: Command) => {
      const { makeApiKey } = await import('./account-commands.js')
      await makeApiKey(command.optsWithGlobals(), output)
    })
  keys
    .command('list')
    .description('show the API keys, without their secrets')
    .option('--json', PRINT_JSON)
    .action(async (_options, command: Command) => {
      const { showApiKeys } = await import('./account-commands.js')
      showApiKeys(command.optsWithGlobals(), output)
    })
  keys
    .command('revoke')
    .description("end an API key; its accounts stay its owner's")
    .argument('<id>', 'its id, as list shows it')
    .option('--json', PRINT_JSON)
    .action(async (id: string, _options, command: Command) => {
      const { endApiKey } = await import('./account-commands.js')
      await endApiKey(id, command.optsWithGlobals(), output)
    })
}

function addKeystores(accounts: Command, output: Output): void {
  accounts
    .command('export')
    .description('write a vault account to a new keystore file; the daemon must be stopped')
    .argument('<address>', 'the account')
    .requiredOption('--out <file>', 'the file to make')
    .option('--recovery', 'open the vault with the 24 words instead of a board')
    .action(async (address: string, _options, command: Command) => {
      const { exportKeystore } = await import('./keystore-commands.js')
      await exportKeystore(address, command.optsWithGlobals(), output)
    })
  accounts
    .command('import')
    .description('take the key of a keystore into the vault; the daemon must be stopped')
    .argument('<file>', 'a keystore of version 3')
    .requiredOption('--owner <name>', 'whose account it becomes: the owner of API keys')
    .option('--recovery', 'open the vault with the 24 words instead of a board')
    .action(async (file: string, _options, command: Command) => {
      const { importKeystore } = await import('./keystore-commands.js')
      await importKeystore(file, command.optsWithGlobals(), output)
    })
}

function parseByte(text: string): number {
  const value = Number(text)
  if (/^(?:0x[0-9a-f]{1,2}|\d{1,3})$/i.test(text) && value <= 0xff) return value
  throw new InvalidArgumentError('a byte expected, such as 0x03')
}

function parseCount(text: string): number {
  const value = Number(text)
  if (/^[1-9]\d{0,5}$/.test(text)) return value
  throw new InvalidArgumentError('a whole number from 1 to 999999 expected')
}
