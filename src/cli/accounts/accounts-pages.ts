import type { HelpPage } from '../help-page.js'

/** The pages of the commands about accounts. */
export const ACCOUNTS_PAGES: Readonly<Record<string, HelpPage>> = {
  'accounts unlock': {
    about: [
      "Opens the vault of the running daemon: the board signs the vault's label, and you type the passphrase. The vault stays open until the daemon ends or `accounts lock`. A passphrase is typed at a terminal by a person and never shown.",
    ],
    examples: [
      ['tezio-bridge accounts unlock', ''],
      ['tezio-bridge accounts unlock --recovery', 'with the 24 words, when the board is lost'],
    ],
    exits: [69, 78, 130],
  },
  'accounts lock': {
    about: [
      'Wipes the key of the vault. Nothing is signed with vault accounts until somebody opens it again.',
    ],
    examples: [['tezio-bridge accounts lock', '']],
    exits: [69, 78],
  },
  'accounts list': {
    about: ['Shows every account with its custody and owner. Private keys are never shown.'],
    examples: [['tezio-bridge accounts list', '']],
    exits: [69, 78],
  },
  'accounts vault create': {
    about: [
      'Makes the vault of the running daemon. It gets two ways to open it at once: the board with a passphrase of at least 12 characters, and 24 words that are shown once. Whoever has the words needs neither board nor passphrase. Both ways lost, every vault account is lost.',
    ],
    examples: [['tezio-bridge accounts vault create', '']],
    exits: [69, 78, 130],
  },
  'accounts vault slots': {
    about: ['Shows the ways to open the vault, without what is sealed in them.'],
    examples: [['tezio-bridge accounts vault slots', '']],
    exits: [69, 78],
  },
  'accounts vault add-slot': {
    about: [
      'Adds a way to open the vault: a second board with a passphrase of its own, or other words. The vault must be open.',
    ],
    examples: [
      ['tezio-bridge accounts vault add-slot --device right', 'a spare board'],
      ['tezio-bridge accounts vault add-slot --recovery', 'other words'],
    ],
    exits: [69, 78, 130],
  },
  'accounts vault remove-slot': {
    about: [
      'Takes a way to open the vault away; two are left at least, and the vault must be open. The key of the vault stays the same: who has an old copy of the journal and what opened the slot can still open that copy.',
    ],
    examples: [['tezio-bridge accounts vault remove-slot 0123456789abcdef0123456789abcdef', '']],
    exits: [69, 78],
  },
  'accounts api-key create': {
    about: [
      'Makes an API key and shows it once. What is kept is its id and a digest, in api-keys.json of the state directory. It holds at once, also in a running daemon. It sees the accounts of its owner alone, which is itself unless --owner says otherwise.',
    ],
    examples: [
      ['tezio-bridge accounts api-key create', 'everything, for its own accounts'],
      ['tezio-bridge accounts api-key create --owner shop --scope accounts:sign --per-minute 600', ''],
    ],
    exits: [74, 78],
  },
  'accounts api-key list': {
    about: ['Shows the API keys: ids, owners, scopes. No secret is kept that could be shown.'],
    examples: [['tezio-bridge accounts api-key list', '']],
    exits: [74, 78],
  },
  'accounts api-key revoke': {
    about: ["Ends an API key, at once, also in a running daemon. The accounts stay its owner's."],
    examples: [['tezio-bridge accounts api-key revoke 0123456789abcdef', '']],
    exits: [74, 78],
  },
  'accounts export': {
    about: [
      'Writes the key of a vault account to a new keystore file (version 3, mode 0600), under a passphrase of its own, which is asked for. The daemon must be stopped. Keys in a token never leave it.',
    ],
    examples: [
      [
        'tezio-bridge accounts export 0x9d8A62f656a8d1615C1294fd71e9CFb3E4855A4F --out account.json',
        'the board is asked once',
      ],
    ],
    exits: [69, 74, 78, 130],
  },
  'accounts import': {
    about: [
      'Takes the key of a keystore of version 3 into the vault. The daemon must be stopped. The parameters of its key derivation are checked first, and its address is compared with its key.',
    ],
    examples: [['tezio-bridge accounts import account.json --owner shop', '']],
    exits: [69, 74, 78, 130],
  },
}
