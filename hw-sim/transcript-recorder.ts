import { MODE, scanReply } from '../src/device/tezio/index.js'
import { encodePublicKey, equalBytes, toHex } from '../src/tezos/index.js'
import { KEY_NAMES } from './device-key.js'
import type { DeviceKeys } from './device-keys.js'
import type { Exchange } from './exchange-log.js'
import { signingCommand } from './signing-command.js'
import type { SimulatedTezio } from './simulated-tezio.js'
import { describeCommand } from './trace.js'
import { watchTraffic, type Traffic } from './trace-traffic.js'
import { judgeReply } from './transcript-judge.js'
import { keyLabel, type TranscriptCase, type TranscriptFile } from './transcript.js'

/** Calls `onCase` for every exchange from now on, as the cable saw it. The returned function ends it. */
export function recordTranscript(
  device: SimulatedTezio,
  onCase: (recorded: TranscriptCase) => void,
): () => void {
  return watchTraffic(device, (traffic) => {
    onCase(toCase(traffic, device.keys))
  })
}

/** All of a recording but its cases. The public keys are in it; the secret ones only if they are given. */
export function transcriptHead(
  device: SimulatedTezio,
  secrets?: Readonly<Record<string, string>>,
): Omit<TranscriptFile, 'cases'> {
  const publicKeys = KEY_NAMES.map((name) => [keyLabel(name), encodePublicKey(device.keys[name].publicKey)])
  return {
    about:
      'Exchanges with a SIMULATED Tezio HSM, in this order, from a fresh start. match: exact = these bytes; ' +
      'signature:KEY:MODE = a signature by that key alias of the message sent, in that mode, that verifies; ' +
      'reply null = nothing arrived; restart = the device was restarted just before.',
    device: `SIMULATED Tezio HSM, profile ${device.profile.name}`,
    baud: 57600,
    ...(secrets === undefined ? {} : { keys: secrets }),
    public_keys: Object.fromEntries(publicKeys) as Record<string, string>,
  }
}

function toCase(traffic: Traffic, keys: DeviceKeys): TranscriptCase {
  const { exchange, sent, received, isAfterRestart } = traffic
  const scan = scanReply(received)
  const note = noteOn(traffic)
  const exact: TranscriptCase = {
    name: `#${exchange.number} ${describeCommand(exchange)}`,
    send: toHex(sent),
    reply: received.length === 0 ? null : toHex(received),
    body: scan.kind === 'reply' && scan.size === received.length ? toHex(scan.body) : null,
    match: 'exact',
    ...(note === undefined ? {} : { note }),
    ...(isAfterRestart ? { restart: true } : {}),
  }
  return asSignature(exact, traffic, keys) ?? exact
}

/** ECDSA is all that differs from run to run; a signature that was tampered with does not verify, and is kept as it is. */
function asSignature(exact: TranscriptCase, { exchange, received }: Traffic, keys: DeviceKeys) {
  const alias = exchange.command?.param1 ?? 0
  const { command } = exchange
  const signing = command === undefined ? undefined : signingCommand(command)
  const keyName = KEY_NAMES[alias]
  const isSignature = signing !== undefined && exchange.outcome.kind === 'value'
  if (!isSignature || keyName === undefined || keys[keyName].curve === 'ed25519') return undefined
  const signature = { ...exact, match: `signature:${alias}:${modeOf(exchange)}` }
  const isGood = judgeReply(signature, received, () => keys[keyName].publicKey) === undefined
  return isGood ? signature : undefined
}

/** SIGN's mode; SIGN_ETH signs a hash of the message as mode 3 does, and answers as it does. */
function modeOf({ name, command }: Exchange): number {
  return name === 'SIGN_ETH' ? MODE.messageRaw : (command?.param2 ?? 0)
}

function noteOn({ exchange, received, micros }: Traffic): string | undefined {
  if (micros === undefined) return 'cut off by a restart'
  return equalBytes(received, exchange.reply) ? undefined : 'the reply was changed on its way'
}
