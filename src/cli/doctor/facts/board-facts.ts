import { DeviceError, readBoard, type KeyAlias } from '../../../device/index.js'
import { publicKeyHash, type PublicKeyHash } from '../../../tezos/index.js'
import { processText } from '../../host/index.js'
import type { DaemonFacts } from './daemon-facts.js'
import type { PortFacts } from './port-facts.js'

/** The addresses of a board's keys by alias. */
export type BoardAddresses = ReadonlyMap<KeyAlias, PublicKeyHash>

/** What the board says, asked directly or through the daemon. */
export type BoardFacts =
  | {
      readonly outcome: 'answers'
      readonly by: 'port' | 'daemon'
      readonly addresses: BoardAddresses
      /** How long one GET_PK took; `undefined` where the daemon was asked. */
      readonly answerMs: number | undefined
    }
  | {
      readonly outcome: 'failed'
      readonly by: 'port' | 'daemon'
      readonly code: string
      readonly reason: string
    }
  /** It was not asked: nobody knows where, or somebody else has the port. */
  | { readonly outcome: 'not-asked'; readonly reason: string }

/** Less than a check may take, so that the port is given back in time. */
const BOARD_LIMIT_MS = 7000

/** Asks the board. The port is opened only where no daemon runs and nobody else has it open. */
export async function boardFacts(
  daemon: DaemonFacts | undefined,
  name: string | undefined,
  found: PortFacts,
  signal: AbortSignal,
): Promise<BoardFacts> {
  if (daemon?.outcome === 'answers') return ofDaemon(daemon, name)
  if (daemon?.outcome === 'silent') {
    return { outcome: 'not-asked', reason: 'a daemon may have the port, and it could not be asked' }
  }
  if (found.outcome !== 'found') return { outcome: 'not-asked', reason: 'there is no port to ask' }
  const { path, holders, node } = found.port
  if (holders.length > 0) {
    return { outcome: 'not-asked', reason: `${holders.map(processText).join(', ')} has ${path} open` }
  }
  if (node?.isCharacterDevice === false) return { outcome: 'not-asked', reason: `${path} is no serial port` }
  try {
    const { keys, answerMs } = await readBoard(path, {
      signal: AbortSignal.any([signal, AbortSignal.timeout(BOARD_LIMIT_MS)]),
    })
    const addresses = new Map([...keys].map(([alias, key]) => [alias, publicKeyHash(key)]))
    return { outcome: 'answers', by: 'port', addresses, answerMs }
  } catch (error) {
    if (!(error instanceof DeviceError)) throw error
    return { outcome: 'failed', by: 'port', code: error.code, reason: error.message }
  }
}

function ofDaemon(
  { devices, keys }: Extract<DaemonFacts, { readonly outcome: 'answers' }>,
  name: string | undefined,
): BoardFacts {
  const device = devices.find((one) => one.name === name)
  if (device === undefined) return { outcome: 'not-asked', reason: 'the daemon has no such board' }
  if (device.state !== 'ready' && device.state !== 'busy') {
    return {
      outcome: 'failed',
      by: 'daemon',
      code: 'device-unavailable',
      reason: `the daemon's device is ${device.state}`,
    }
  }
  const aliases: readonly KeyAlias[] = [0, 1, 2, 3]
  const addresses = new Map(
    aliases.flatMap((alias) => {
      const row = keys.find((key) => key.alias === alias && key.device === name)
      return row === undefined ? [] : [[alias, row.address] as const]
    }),
  )
  return { outcome: 'answers', by: 'daemon', addresses, answerMs: undefined }
}
