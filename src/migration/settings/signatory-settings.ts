import {
  authenticationKeyHash,
  decodeAuthenticationKey,
  parseChainId,
  parsePublicKeyHash,
  type ChainId,
} from '../../tezos/index.js'
import { MigrationError } from '../migration-error.js'
import { authorizedKeys } from './authorized-keys.js'
import { chooseKeys } from './choose-keys.js'
import type { Draft, KeyDraft } from './draft.js'
import { bytesOfKinds } from './kinds.js'
import type { Notes } from './notes.js'
import { LOOK_IN_CONFIG, NO_TOKENS, UNKNOWN } from './reasons.js'
import { readServer } from './signatory-server.js'
import { DEFAULT_RULES, kindsOf, type SignatoryRules } from './signatory-allow.js'
import type { SettingsOptions } from './settings-options.js'
import { entriesOf, flatten, namesOf, settingsOf, type Settings } from './settings-tree.js'

/**
 * Signatory's configuration, translated. Source: Signatory's `pkg/config/config.go` and documentation, up to 1.2.3. Throws a
 * MigrationError for what is no such configuration, or holds no key for a Tezio HSM.
 */
export function readSignatorySettings(text: string, options: SettingsOptions, notes: Notes): Draft {
  const file = settingsOf(text)
  const { tezos } = file
  if (tezos === undefined) {
    throw new MigrationError(
      'it has no section tezos, which lists the keys of a Signatory: give its configuration (signatory.yaml)',
    )
  }
  const server = readServer(file['server'], notes)
  const keys = entriesOf(tezos, 'tezos').map(([address, entry]) => readKey(address, entry, options, notes))
  for (const [name, value] of Object.entries(file)) noteSection(name, value, notes)
  const held = chooseKeys(
    keys.map(({ draft }) => draft),
    options.keys,
    notes,
  )
  const taken = keys.filter(({ draft }) => held.includes(draft))
  const own = taken.flatMap((key) => key.authorizedKeys ?? [])
  const known = server.authorizedKeys ?? (own.length > 0 ? [...new Set(own)] : undefined)
  noteChains(held, options.chains, notes)
  return {
    from: "Signatory's configuration",
    keys: taken.map((key) => withClients(key, known ?? [])),
    chains: options.chains,
    authorizedKeys: known,
    listen: server.listen,
    adminListen: server.adminListen,
  }
}

type ReadKey = {
  readonly draft: KeyDraft
  /** Those that alone may ask for it; `undefined`: whoever may ask at all. */
  readonly authorizedKeys: readonly string[] | undefined
}

function readKey(text: string, entry: unknown, { isKind }: SettingsOptions, notes: Notes): ReadKey {
  const address = parsePublicKeyHash(text)
  const place = `tezos.${text}`
  if (address === undefined) {
    throw new MigrationError(
      `${place} is not an address (tz1 to tz4) with a right checksum; correct the file`,
    )
  }
  if (entry === null || entry === undefined) {
    notes.assume(
      `${place} is empty: Signatory's default for it is block, preattestation and attestation, and so it is here.`,
    )
  }
  const settings: Settings =
    entry === null || entry === undefined ? {} : Object.fromEntries(entriesOf(entry, place))
  const rules = entry === null || entry === undefined ? DEFAULT_RULES : rulesOf(settings, place)
  const allow = kindsOf(rules, place, isKind, notes)
  for (const [name, value] of Object.entries(settings)) noteKeySetting(name, value, place, notes)
  const chains = settings['allowed_chains']
  const draft = {
    address,
    bytes: bytesOfKinds(allow),
    allow,
    ...(chains === undefined ? {} : { chains: readChains(chains, `${place}.allowed_chains`) }),
  }
  const own = settings['authorized_keys']
  return {
    draft,
    authorizedKeys:
      own === undefined ? undefined : authorizedKeys(flatten(own), `${place}.authorized_keys`, notes),
  }
}

function rulesOf(settings: Settings, place: string): SignatoryRules {
  const { allow, allowed_operations: requests, allowed_kinds: operations } = settings
  if (allow === undefined) {
    return {
      requests: namesOf(requests ?? [], `${place}.allowed_operations`),
      operations: namesOf(operations ?? [], `${place}.allowed_kinds`),
    }
  }
  const entries = entriesOf(allow ?? {}, `${place}.allow`)
  const generic = entries.find(([name]) => name === 'generic')?.[1]
  return {
    requests: entries.map(([name]) => name),
    operations: namesOf(generic ?? [], `${place}.allow.generic`),
  }
}

function readChains(value: unknown, place: string): readonly ChainId[] {
  return namesOf(value, place).map((name) => {
    const id = parseChainId(name)
    if (id === undefined) throw new MigrationError(`${place}: "${name}" is not a chain; write its NetX... id`)
    return id
  })
}

/** Settings of a key that are read elsewhere, or that say nothing that is not so here. */
const READ_OF_KEY: readonly string[] = [
  ...['allow', 'allowed_operations', 'allowed_kinds', 'allowed_chains', 'authorized_keys'],
]

function noteKeySetting(name: string, value: unknown, place: string, notes: Notes): void {
  const setting = `${place}.${name}`
  if (READ_OF_KEY.includes(name) || value === false) return
  if (name === 'jwt_users') {
    notes.leave(setting, NO_TOKENS, TOKENS)
  } else if (name === 'log_payloads') {
    const remedy = 'the line signature.decided tells kind, level, round and the digest of each request'
    notes.leave(setting, 'payloads are never logged here', remedy)
  } else if (name === 'allow_proof_of_possession') {
    notes.leave(
      setting,
      'only tz4 keys prove possession, and no Tezio HSM holds one',
      'nothing has to be done',
    )
  } else notes.leave(setting, UNKNOWN, LOOK_IN_CONFIG)
}

const TOKENS = 'let the clients sign their requests (policy.authorized_keys), or name them in clients'

function noteSection(name: string, value: unknown, notes: Notes): void {
  if (name === 'server' || name === 'tezos') return
  if (name === 'vaults') {
    for (const vault of Object.keys(Object.fromEntries(entriesOf(value ?? {}, 'vaults')))) {
      const remedy =
        'provision the board with the key (docs/provisioning.md), or with a new one that becomes the consensus key'
      notes.leave(`vaults.${vault}`, 'the key of a Tezio HSM is on the board, and stays there', remedy)
    }
  } else if (name === 'policy_hook') {
    const reason =
      'a hook here is asked in another form, for each key; until it has one, its requests are not asked about'
    notes.leave(
      name,
      reason,
      'adapt the service to docs/config.md (hook), and set policy.signing_keys.KEY.hook',
    )
  } else if (name === 'watermark') noteWatermark(value, notes)
  else if (name === 'base_dir') {
    const folder = typeof value === 'string' ? `${value}/watermark_v2` : 'its folder watermark_v2'
    const remedy = `stop Signatory for good, then: tezio-bridge init --level LEVEL, and tezio-bridge marks import ${folder}`
    notes.leave(name, 'its marks are taken over by another command', remedy)
  } else notes.leave(name, UNKNOWN, LOOK_IN_CONFIG)
}

function noteWatermark(value: unknown, notes: Notes): void {
  const driver = typeof value === 'object' && value !== null && 'driver' in value ? value.driver : undefined
  if (driver === 'file') return
  const reason = 'only the marks of its driver file can be taken over'
  notes.leave(
    'watermark',
    reason,
    'stop Signatory for good, then tezio-bridge init --level LEVEL of the head',
  )
}

/** Signatory asks for one of the server's keys first, and of those lets only the key's own through. */
function withClients({ draft, authorizedKeys: own }: ReadKey, known: readonly string[]): KeyDraft {
  if (own === undefined) return draft
  const clients = own
    .filter((key) => known.includes(key))
    .flatMap((text) => {
      const key = decodeAuthenticationKey(text)
      return key === undefined ? [] : [authenticationKeyHash(key)]
    })
  if (clients.length > 0) return { ...draft, clients }
  throw new MigrationError(
    `tezos.${draft.address}.authorized_keys has no key of server.authorized_keys, so nobody may ask for it; add the key to both`,
  )
}

function noteChains(keys: readonly KeyDraft[], chains: readonly ChainId[] | undefined, notes: Notes): void {
  if (chains !== undefined || keys.every((key) => key.chains !== undefined)) return
  notes.assume('the other signer signs for any chain; here it is mainnet alone, unless --chain names others.')
}
