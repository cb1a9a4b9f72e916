import { ETH_OPCODE, OPCODE, splitBody, type CommandFields } from '../../src/device/tezio/index.js'
import type { Profile } from '../profile.js'
import type { CommandName } from './command-name.js'
import { getInfo } from './get-info.js'
import { getPublicKey } from './get-public-key.js'
import { refusal, type Board, type Handler, type Outcome } from './outcome.js'
import { judgePacket } from './packet.js'
import type { ReadPacket } from './packet-reader.js'
import { signEth } from './sign-eth.js'
import { sign } from './sign.js'
import { verify } from './verify.js'

type Row = { readonly name: CommandName; readonly handle: Handler }

const HANDLERS: ReadonlyMap<number, Row> = new Map([
  [OPCODE.getPublicKey, { name: 'GET_PK', handle: getPublicKey }],
  [OPCODE.sign, { name: 'SIGN', handle: sign }],
  [OPCODE.verify, { name: 'VERIFY', handle: verify }],
])

/** What docs/firmware-eth.md adds. */
const ETH_HANDLERS: ReadonlyMap<number, Row> = new Map([
  [ETH_OPCODE.getInfo, { name: 'GET_INFO', handle: getInfo }],
  [ETH_OPCODE.signEth, { name: 'SIGN_ETH', handle: signEth }],
])

function rowOf(opcode: number, profile: Profile): Row | undefined {
  return HANDLERS.get(opcode) ?? (profile.signsEthereum ? ETH_HANDLERS.get(opcode) : undefined)
}

/** The name of an opcode's command; `undefined` for opcodes the device does not know. */
export function commandName(opcode: number, profile: Profile): CommandName | undefined {
  return rowOf(opcode, profile)?.name
}

/** The command in a packet, or the outcome of a packet that holds none. */
export function parsePacket(
  packet: ReadPacket,
  profile: Profile,
): { readonly command: CommandFields } | { readonly outcome: Outcome } {
  const judged = judgePacket(packet, profile)
  return judged.kind === 'refusal' ? { outcome: refusal(judged.status) } : { command: splitBody(judged.body) }
}

/** What the device answers a command with; marks on the board are raised by it. */
export function execute(command: CommandFields, board: Board): Outcome {
  const row = rowOf(command.opcode, board.profile)
  return row === undefined ? refusal('opcode-unknown') : row.handle(command, board)
}
