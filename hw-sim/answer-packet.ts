import { encodeFrame, MODE, type CommandFields } from '../src/device/tezio/index.js'
import type { Behaviour, Interference, Received } from './behaviour.js'
import type { Exchange } from './exchange-log.js'
import type { CommandName } from './firmware/command-name.js'
import { commandName, execute, parsePacket } from './firmware/execute.js'
import { replyBody, type Board, type Outcome } from './firmware/outcome.js'
import type { ReadPacket } from './firmware/packet-reader.js'

/** What a device made of a packet, and whether it made a signature meanwhile, delivered or not. */
export type Answered = { readonly exchange: Exchange; readonly hasSigned: boolean }

/**
 * Executes a packet on the board, up to the whole reply frame. The behaviours of `stack`, newest first, are asked
 * before it for an outcome or a failure, and after it for another answer. It never throws on bytes.
 */
export function answerPacket(
  packet: ReadPacket,
  place: Pick<Exchange, 'number' | 'atMs'>,
  board: Board,
  stack: readonly Behaviour[],
): Answered {
  const parsed = parsePacket(packet, board.profile)
  const command = 'command' in parsed ? parsed.command : undefined
  const name = command === undefined ? undefined : commandName(command.opcode, board.profile)
  const received: Received = { ...place, packet: packet.bytes, command, name }
  const context = { received, keys: board.keys, random: board.random }
  const { outcome: forced, failure = board.failure } = stack.reduce<Interference>(
    (sofar, behaviour) => ({ ...behaviour.intercept?.(context), ...sofar }),
    {},
  )
  const made =
    forced ?? ('outcome' in parsed ? parsed.outcome : execute(parsed.command, { ...board, failure }))
  const outcome = stack.reduce((sofar, behaviour) => behaviour.answer?.(sofar, context) ?? sofar, made)
  return {
    exchange: { ...received, outcome, reply: encodeFrame(replyBody(outcome)) },
    hasSigned: forced === undefined && isSignature(name, command, made),
  }
}

function isSignature(
  name: CommandName | undefined,
  command: CommandFields | undefined,
  outcome: Outcome,
): boolean {
  if (outcome.kind === 'refusal') return false
  if (name === 'SIGN_ETH') return true
  return name === 'SIGN' && (command?.param2 ?? 0) !== MODE.defaultSignature
}
