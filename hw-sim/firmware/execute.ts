import { OPCODE, splitBody, type CommandFields } from '../../src/device/tezio/index.js'
import type { Profile } from '../profile.js'
import type { CommandName } from './command-name.js'
import { getPublicKey } from './get-public-key.js'
import { refusal, type Board, type Handler, type Outcome } from './outcome.js'
import { judgePacket } from './packet.js'
import type { ReadPacket } from './packet-reader.js'
import { sign } from './sign.js'
import { verify } from './verify.js'

const HANDLERS: ReadonlyMap<number, { readonly name: CommandName; readonly handle: Handler }> = new Map([
  [OPCODE.getPublicKey, { name: 'GET_PK', handle: getPublicKey }],
  [OPCODE.sign, { name: 'SIGN', handle: sign }],
  [OPCODE.verify, { name: 'VERIFY', handle: verify }],
])

/** The name of an opcode's command; `undefined` for opcodes the device does not know. */
export function commandName(opcode: number): CommandName | undefined {
  return HANDLERS.get(opcode)?.name
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
  const handler = HANDLERS.get(command.opcode)
  return handler === undefined ? refusal('opcode-unknown') : handler.handle(command, board)
}
