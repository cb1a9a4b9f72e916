import { hexByte, parsePublicKeyHash } from '../../tezos/index.js'
import { MigrationError } from '../migration-error.js'
import { authorizedKeys } from './authorized-keys.js'
import { chooseKeys } from './choose-keys.js'
import type { Draft, KeyDraft } from './draft.js'
import { listenAddress } from './listen-address.js'
import type { Notes } from './notes.js'
import { readBaseDir, unreadable, type OctezBaseDir } from './octez-base-dir.js'
import { readFlags, type OctezFlags } from './octez-flags.js'
import { LOOK_IN_CONFIG, UNKNOWN } from './reasons.js'
import type { SettingsOptions } from './settings-options.js'

/** What is needed beside octez-signer's words. */
export type OctezOptions = SettingsOptions & {
  /** Wins over the command line's --base-dir. */
  readonly baseDir: string | undefined
}

/** Blocks and votes: what a baker needs. */
const BAKING: readonly number[] = [0x11, 0x12, 0x13]
const SIGNED: readonly number[] = [0x03, 0x05, ...BAKING]

/**
 * octez-signer's command line and base directory, translated. Throws a MigrationError for words that launch no signer, or
 * where no key for a Tezio HSM is known.
 */
export function readOctezSettings(words: readonly string[], options: OctezOptions, notes: Notes): Draft {
  const flags = readFlags(words)
  const baseDir = options.baseDir ?? flags.values['base-dir']
  const folder = baseDir === undefined ? undefined : readBaseDir(baseDir)
  if (folder === undefined && baseDir !== undefined) {
    if (options.baseDir !== undefined) throw unreadable(baseDir, 'ENOENT')
    const remedy =
      'run this where it is, or give a copy of it with --base-dir: its keys and marks were not read'
    notes.leave(`--base-dir ${baseDir}`, 'there is no such folder on this machine', remedy)
  }
  const bytes = magicBytes(flags.values['magic-bytes'], notes)
  const keys = chooseKeys(knownKeys(folder, options.keys, bytes), options.keys, notes)
  for (const name of flags.unknown) notes.leave(name, UNKNOWN, LOOK_IN_CONFIG)
  noteMarks(flags, folder, notes)
  noteRest(flags, notes)
  if (options.chains === undefined) {
    notes.assume(
      'the other signer signs for any chain; here it is mainnet alone, unless --chain names others.',
    )
  }
  return {
    from: "octez-signer's command line",
    keys,
    chains: options.chains,
    authorizedKeys: authentication(flags, folder, notes),
    ...listeners(flags, notes),
    knownKeys: flags.switches.includes('allow-list-known-keys') ? true : undefined,
  }
}

function knownKeys(
  folder: OctezBaseDir | undefined,
  named: readonly string[],
  bytes: readonly number[],
): readonly KeyDraft[] {
  const known = (folder?.keys ?? []).map((key): KeyDraft => ({ ...key, bytes }))
  if (known.length > 0) return known
  if (named.length === 0) {
    const where =
      folder === undefined ? 'its command line names none' : `${folder.path} has no public_key_hashs`
    throw new MigrationError(
      `no key is known: ${where}; give the addresses with --key tz3..., or octez-signer's folder with --base-dir`,
    )
  }
  return named.map((text) => {
    const address = parsePublicKeyHash(text)
    if (address !== undefined) return { address, bytes }
    throw new MigrationError(
      `--key ${text} is not an address (tz1 to tz4) with a right checksum; copy it again`,
    )
  })
}

/** Without -M octez-signer signs everything: what is not needed to bake is left to whoever reads the note. */
function magicBytes(text: string | undefined, notes: Notes): readonly number[] {
  if (text === undefined) {
    notes.assume(
      'without --magic-bytes octez-signer signs every payload; here the keys sign blocks and votes alone, until allowed_ops has 0x03 for operations too.',
    )
    return BAKING
  }
  const bytes = text.split(',').map((part) => {
    const byte = /^(?:0x[0-9a-f]{1,2}|\d{1,3})$/i.test(part.trim()) ? Number(part) : NaN
    if (byte <= 0xff) return byte
    throw new MigrationError('--magic-bytes is not a list of bytes like 0x11,0x12,0x13')
  })
  for (const byte of new Set(bytes.filter((one) => !SIGNED.includes(one)))) {
    const reason = 'payloads that begin with it are never signed here'
    notes.leave(`--magic-bytes ${hexByte(byte)}`, reason, 'use another signer for them, with another key')
  }
  if (bytes.includes(0x03)) {
    notes.assume(
      '0x03 stands for any operation, transfers included, until allow names those that are meant (docs/config.md).',
    )
  }
  return [...new Set(bytes.filter((byte) => SIGNED.includes(byte)))]
}

function authentication(
  { switches }: OctezFlags,
  folder: OctezBaseDir | undefined,
  notes: Notes,
): readonly string[] | undefined {
  if (!switches.includes('require-authentication')) return undefined
  if (folder?.authorizedKeys !== undefined) {
    return authorizedKeys(folder.authorizedKeys, 'authorized_keys', notes)
  }
  const where =
    folder === undefined ? 'no base directory was read' : `${folder.path} has no file authorized_keys`
  const remedy =
    'add their public keys to policy.authorized_keys, or name the folder with --base-dir; without one the file is refused'
  notes.leave('--require-authentication', `the keys of the clients are not known: ${where}`, remedy)
  return []
}

/** Octez' own defaults. Source: octez `src/bin_signer/main_signer.ml`. */
const DEFAULT_HOST = 'localhost'
const DEFAULT_PORT = { socket: '7732', http: '6732', https: '443' } as const

function listeners(
  { transport, files, values }: OctezFlags,
  notes: Notes,
): Pick<Draft, 'listen' | 'tcp' | 'unix' | 'tls'> {
  if (transport === 'local' || transport === 'socket') {
    notes.assume('the signer also listens for HTTP, at 127.0.0.1:6732, unless server.listen says otherwise.')
  }
  if (transport === 'local') {
    if (values.socket === undefined) {
      const reason = "octez-signer's own place is below the home of its user"
      notes.leave('--socket', reason, 'set server.unix to the path of the socket')
    }
    return { unix: values.socket }
  }
  const host = values.address ?? DEFAULT_HOST
  const place = { host: host.replace(/^\[(.*)\]$/, '$1'), port: values.port ?? DEFAULT_PORT[transport] }
  if (transport === 'socket') {
    return { tcp: listenAddress({ setting: '--address', ...place }, 'server.tcp', notes) }
  }
  const listen = listenAddress({ setting: '--address', ...place }, 'server.listen', notes)
  if (transport === 'http') return { listen }
  const [cert, key] = files
  if (cert === undefined || key === undefined) {
    throw new MigrationError('launch https signer names no certificate and key behind it')
  }
  return { listen, tls: { cert, key } }
}

function noteMarks({ switches }: OctezFlags, folder: OctezBaseDir | undefined, notes: Notes): void {
  if (!switches.includes('check-high-watermark')) {
    notes.assume(
      'octez-signer kept no high-water marks (no --check-high-watermark); here they are always kept, and tezio-bridge init --level sets the first ones.',
    )
  }
  if (folder?.hasMarks !== true) return
  const remedy = `stop octez-signer for good, then: tezio-bridge init --level LEVEL, and tezio-bridge marks import ${folder.path}`
  notes.leave('high-water marks', 'they are taken over by another command', remedy)
}

function noteRest({ values, switches }: OctezFlags, notes: Notes): void {
  if (values['password-filename'] !== undefined) {
    notes.leave('--password-filename', 'the board has no passwords', 'nothing has to be done')
  }
  if (values.pidfile !== undefined) {
    const remedy = 'run it under systemd or supervisord (supervisor/README.md)'
    notes.leave('--pidfile', 'no such file is written', remedy)
  }
  if (values.timeout !== undefined) {
    notes.leave('--timeout', UNKNOWN, LOOK_IN_CONFIG)
  }
  if (switches.includes('allow-to-prove-possession')) {
    const reason = 'only tz4 keys prove possession, and no Tezio HSM holds one'
    notes.leave('--allow-to-prove-possession', reason, 'nothing has to be done')
  }
}
