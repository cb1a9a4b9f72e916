import { describeKeys, type BoardKeyRow } from '../key-table.js'
import { AUTHENTICATION_ALIAS } from '../key-directory.js'
import { RefusedError, UsageError } from '../exit-code.js'
import { table } from '../output.js'
import {
  CHAIN_NAMES,
  parseChainId,
  parsePublicKeyHash,
  type ChainId,
  type PublicKeyHash,
} from '../../tezos/index.js'
import type { Choice } from './answers.js'
import type { Board } from './find-board.js'
import { indented, type Wizard } from './wizard.js'

/** What is signed, with which key, and who may ask. */
export type SigningChoice = {
  readonly key: PublicKeyHash
  readonly chain: ChainId
  readonly operations: readonly string[]
  readonly authenticationKey: PublicKeyHash | undefined
}

/** What a signature takes: docs/protocol.md, "Timing". */
const REMARK: Readonly<Record<BoardKeyRow['curve'], string>> = {
  p256: '0.15 s a signature, by the secure element: bake with it',
  ed25519: '0.85 s a signature, in software',
  secp256k1: '0.55 s a signature, in software',
}
/** docs/protocol.md, "What surprises". */
const FIRMWARE_POLICY =
  'The firmware as it is delivered lets only the P-256 key (place 3) sign blocks and votes; for another key its own policy must be changed, or the board refuses them.'

/** Operations that a baker's key needs from time to time and that move no tez. */
export const SUGGESTED_OPERATIONS: readonly string[] = ['reveal', 'delegation', 'set_deposits_limit']

const OPERATIONS: readonly Choice<string>[] = [
  { value: 'reveal', name: 'reveal', description: 'tells the chain the public key, once' },
  { value: 'delegation', name: 'delegation', description: 'registers the baker' },
  { value: 'set_deposits_limit', name: 'set_deposits_limit', description: 'limits what is frozen' },
  { value: 'ballot', name: 'ballot', description: 'votes on a protocol' },
  { value: 'proposals', name: 'proposals', description: 'proposes a protocol' },
  {
    value: 'transaction',
    name: 'transaction',
    description: 'MOVES TEZ to anybody; also stakes and unstakes',
  },
  {
    value: 'update_consensus_key',
    name: 'update_consensus_key',
    description: 'HANDS baking over to another key',
  },
]

const KNOWN_CHAINS = CHAIN_NAMES.flatMap((name): readonly Choice<ChainId>[] => {
  const value = parseChainId(name)
  return value === undefined ? [] : [{ value, name }]
})

/** Shows the board's keys and asks what they are for. */
export async function chooseSigning(wizard: Wizard, { keys }: Board): Promise<SigningChoice> {
  const rows = describeKeys(keys, undefined, [])
  const shown = rows.map((row) => [String(row.alias), row.curve, row.address, remarkOf(row)])
  const list = table(['PLACE', 'CURVE', 'ADDRESS', 'REMARK'], shown)
  wizard.say(`The board's keys:\n\n${indented(list)}`)
  const signing = rows.filter(({ alias }) => alias !== AUTHENTICATION_ALIAS)
  const { address: key, curve } = await chooseKey(wizard, signing)
  if (curve !== 'p256') wizard.warn(FIRMWARE_POLICY)
  const chain = await chooseChain(wizard)
  const operations = await chooseOperations(wizard)
  const holder = rows.find(({ alias }) => alias === AUTHENTICATION_ALIAS)
  const authenticationKey = (await wantsAuthentication(wizard)) ? holder?.address : undefined
  return { key, chain, operations, authenticationKey }
}

function remarkOf({ alias, curve }: BoardKeyRow): string {
  return alias === AUTHENTICATION_ALIAS ? 'authenticates requests, signs nothing' : REMARK[curve]
}

async function chooseKey({ options, answers }: Wizard, rows: readonly BoardKeyRow[]): Promise<BoardKeyRow> {
  if (options.key !== undefined) return keyNamed(options.key, rows)
  const recommended = rows.find(({ curve }) => curve === 'p256')
  const ordered = rows.toSorted((left, right) => right.alias - left.alias)
  return answers.choose({
    message: 'Which key bakes?',
    option: '--key',
    suggested: recommended,
    choices: ordered.map((row) => ({
      value: row,
      name: `${row.address}  ${row.curve}`,
      description: REMARK[row.curve],
    })),
  })
}

function keyNamed(name: string, rows: readonly BoardKeyRow[]): BoardKeyRow {
  const found = rows.find(({ alias, address }) => name === String(alias) || name === address)
  if (found !== undefined) return found
  if (parsePublicKeyHash(name) === undefined) {
    throw new UsageError(`--key ${name}: an address of the board, or its place there (1, 2 or 3) is needed`)
  }
  const there = rows.map(({ address }) => address).join(', ')
  throw new RefusedError(
    `the board has no signing key ${name}; it has ${there}. Is another board plugged in than you mean (--port, --serial-number), or is it another address?`,
  )
}

async function chooseChain({ options, answers }: Wizard): Promise<ChainId> {
  if (options.chain !== undefined) return options.chain
  const named = await answers.choose<ChainId | 'other'>({
    message: 'For which chain?',
    option: '--chain',
    choices: [...KNOWN_CHAINS, { value: 'other', name: 'another one, by its NetX... id' }],
  })
  if (named !== 'other') return named
  return answers.text({
    message: "The chain's id (octez-client rpc get /chains/main/chain_id):",
    option: '--chain',
    read: (text) => {
      const value = parseChainId(text)
      return value === undefined ? { problem: 'a NetX... id with a right checksum' } : { value }
    },
  })
}

/** Blocks and votes are what a baking key is for; operations are more than that, so none is the answer unasked. */
async function chooseOperations({ options, answers, say }: Wizard): Promise<readonly string[]> {
  if (options.operations !== undefined) return options.operations
  say(
    'The key signs blocks, preattestations and attestations. It can sign operations too: those you choose, and no others.',
  )
  return answers.chooseSome({
    message: 'Which operations, beside blocks and votes? (space chooses, enter goes on; none is the safest)',
    option: '--operations',
    unasked: [],
    choices: OPERATIONS,
  })
}

async function wantsAuthentication({ options, answers }: Wizard): Promise<boolean> {
  if (options.authenticate !== undefined) return options.authenticate
  return answers.confirm({
    message: 'Must requests be authenticated? (for this machine alone it is not needed)',
    option: '--authenticate',
    suggested: false,
    unasked: false,
  })
}
