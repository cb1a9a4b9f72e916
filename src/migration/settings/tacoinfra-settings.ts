import { MigrationError } from '../migration-error.js'
import { parseStrictJson } from '../../strict-json.js'
import type { Draft } from './draft.js'
import { bytesOfKinds } from './kinds.js'
import { listenAddress } from './listen-address.js'
import type { Notes } from './notes.js'
import { LOOK_IN_CONFIG, UNKNOWN } from './reasons.js'
import type { SettingsOptions } from './settings-options.js'
import { entriesOf, flatten, type Settings } from './settings-tree.js'
import { tokenKeys } from './tacoinfra-keys.js'

/**
 * The keys.json of tacoinfra's remote-signer, translated. Source: its `tezos_signer/config.py`, `hsmsigner.py`,
 * `validatesigner.py` and `ddbchainratchet.py`. Throws a MigrationError for what is no such file, or has no key on a token.
 */
export function readTacoinfraSettings(text: string, options: SettingsOptions, notes: Notes): Draft {
  const file = fileOf(text)
  if (file['keys'] === undefined)
    throw new MigrationError('it has no keys; give the keys.json of the remote-signer')
  const keys = tokenKeys(file['keys'], options.keys, notes)
  const allow = kindsOf(file['policy'], notes)
  const module = moduleOf(file, notes)
  const dynamodb = tableOf(file, notes)
  for (const name of Object.keys(file).filter((one) => !READ.includes(one))) {
    notes.leave(name, UNKNOWN, LOOK_IN_CONFIG)
  }
  noteRest(file, options, notes)
  return {
    from: "the keys.json of tacoinfra's remote-signer",
    isIncomplete: true, // the token has to be named: see noteRest
    keys: keys.map(({ address, publicKey }) => ({
      address,
      publicKey,
      bytes: bytesOfKinds(allow),
      allow,
      device: DEVICE,
    })),
    token: { name: DEVICE, module, keys: keys.map(({ address, label }) => ({ address, label })) },
    ...(dynamodb === undefined ? {} : { dynamodb }),
    chains: options.chains,
    listen: listenOf(file, notes),
  }
}

const DEVICE = 'hsm'

const READ: readonly string[] = [
  ...['keys', 'policy', 'chain_ratchet', 'ddb_table', 'aws_region', 'boto3_endpoint'],
  ...['hsm_lib', 'hsm_slot', 'hsm_username', 'bind_addr', 'bind_port'],
]

/** What is wrong with the text is told by its line alone: the words of a parser could hold a private key. */
function fileOf(text: string): Settings {
  const parsed = parseStrictJson(text)
  if (parsed.problem === undefined) return Object.fromEntries(entriesOf(parsed.value, 'the file'))
  const line = /^line \d+/.exec(parsed.problem)?.[0] ?? 'the file'
  throw new MigrationError(`${line}: it is not JSON, or an object in it names a key twice`)
}

const VOTES: ReadonlyMap<unknown, string> = new Map([
  ['yay', 'ballot:yay'],
  ['nay', 'ballot:nay'],
  ['pass', 'ballot:pass'],
])

const BAKING = ['block', 'preattestation', 'attestation'] as const

/** Nothing is allowed that `policy` does not name, there as here. */
function kindsOf(policy: unknown, notes: Notes): readonly string[] {
  const rules: Settings = Object.fromEntries(entriesOf(policy ?? {}, 'policy'))
  const allowsAll = isSet(rules['allow_all'])
  if (allowsAll) {
    notes.assume(
      'policy.allow_all means what that signer understands: blocks, both votes of a baker and ballots.',
    )
  }
  const votes = allowsAll ? [...VOTES.keys()] : flatten(rules['voting'] ?? [])
  for (const name of Object.keys(rules).filter((one) => !['baking', 'voting', 'allow_all'].includes(one))) {
    notes.leave(`policy.${name}`, UNKNOWN, LOOK_IN_CONFIG)
  }
  const ballots = votes.flatMap((vote) => {
    const kind = VOTES.get(vote)
    if (kind === undefined)
      notes.leave('policy.voting', 'one entry is not yay, nay or pass', 'add it to allow by hand')
    return kind === undefined ? [] : [kind]
  })
  return [...(allowsAll || isSet(rules['baking']) ? BAKING : []), ...new Set(ballots)]
}

/** As Python sees it: 1 is as good as true. */
function isSet(value: unknown): boolean {
  return value !== undefined && value !== null && value !== false && value !== 0 && value !== ''
}

function moduleOf({ hsm_lib: module }: Settings, notes: Notes): string | undefined {
  if (typeof module === 'string' && module !== '') return module
  notes.leave(
    'hsm_lib',
    'it is not there, or no path',
    'set devices.hsm.module to the PKCS#11 library of the token',
  )
  return undefined
}

function tableOf(file: Settings, notes: Notes): Draft['dynamodb'] {
  const { chain_ratchet: ratchet, ddb_table: table, aws_region: region, boto3_endpoint: endpoint } = file
  if (ratchet !== 'dynamodb') {
    if (ratchet !== 'mockery' && ratchet !== undefined) {
      notes.leave(
        'chain_ratchet',
        'it is neither dynamodb nor mockery',
        'tezio-bridge init --level sets the first marks',
      )
    } else {
      notes.assume(
        'its marks were in memory alone (chain_ratchet); here they are on disk, and tezio-bridge init --level sets the first ones.',
      )
    }
    return undefined
  }
  const [tableText, regionText] = [textOf(table), textOf(region)]
  if (tableText === undefined)
    notes.leave('ddb_table', 'it is not there, or no text', 'set marks.dynamodb.table')
  if (regionText === undefined) {
    notes.leave('aws_region', 'it is not there: boto3 takes it from elsewhere', 'set marks.dynamodb.region')
  }
  return { table: tableText, region: regionText, endpoint: endpointOf(endpoint, notes) }
}

/** Credentials are never taken along, and a URL may hold some. */
function endpointOf(value: unknown, notes: Notes): string | undefined {
  const text = textOf(value)
  if (text === undefined) return undefined
  const url = URL.canParse(text) ? new URL(text) : undefined
  const isPlain = url !== undefined && url.username + url.password + url.search + url.hash === ''
  if (isPlain && /^https?:$/.test(url.protocol)) return text
  const reason = 'it is no http or https URL, or one with more than a host and a path'
  notes.leave('boto3_endpoint', reason, 'set marks.dynamodb.endpoint')
  return undefined
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

/** Its own defaults. Source: `tezos_signer/config.py`. */
const DEFAULT_HOST = '127.0.0.1'
const DEFAULT_PORT = '5000'

function listenOf({ bind_addr: host, bind_port: port }: Settings, notes: Notes): string | undefined {
  const written = typeof port === 'number' ? String(port) : (textOf(port) ?? DEFAULT_PORT)
  const place = { setting: 'bind_addr', host: textOf(host) ?? DEFAULT_HOST, port: written }
  return listenAddress(place, 'server.listen', notes)
}

function noteRest(file: Settings, options: SettingsOptions, notes: Notes): void {
  const slot = 'hsm_slot' in file ? 'hsm_slot' : 'hsm_slot (0, its default)'
  notes.leave(
    slot,
    'modules number their slots anew, so a token is known by its label or serial here',
    'set devices.hsm.token to { label: ... } or { serial: ... }; "pkcs11-tool --module LIBRARY --list-token-slots" shows both. Without it the file is refused',
  )
  notes.leave(
    'hsm_username',
    'the PIN is in a file of its own, or asked for on the terminal',
    'write USERNAME:PASSWORD of hsm_passwd to a file that only the service reads, and set devices.hsm.pin_file',
  )
  notes.assume(
    'nobody authenticated himself to that signer, and here too whoever reaches it may ask, until policy.authorized_keys or policy.clients say otherwise.',
  )
  if (options.chains !== undefined) return
  notes.assume('the other signer signs for any chain; here it is mainnet alone, unless --chain names others.')
}
