import {
  createSimulatedTezio,
  parseEthPolicy,
  type DeviceKeys,
  type SimulatedTezio,
} from '../../../hw-sim/index.js'
import { domainSeparator, toHex0x } from '../../../src/ethereum/index.js'
import { transcriptKeys } from '../../device/support.js'
import { DOMAIN, PAYEE } from './eth-bench.js'

/** With what the messages begin that the board signs. */
export const MESSAGE_PREFIX = 'login: '

/** A board whose firmware hashes and judges for Ethereum, provisioned for what the benches sign. */
export function ethBoard({
  keys = transcriptKeys(),
  domains = [],
}: {
  readonly keys?: DeviceKeys
  /** Domains beside that of claims. */
  readonly domains?: readonly Readonly<Record<string, unknown>>[]
} = {}): SimulatedTezio {
  const policy = {
    chain_ids: ['1'],
    domain_separators: [DOMAIN, ...domains].map((domain) => toHex0x(domainSeparator(domain))),
    message_prefixes: [MESSAGE_PREFIX],
    destinations: [PAYEE],
    ...{ max_wei: String(10n ** 18n), max_fee_wei: String(10n ** 16n) },
  }
  return createSimulatedTezio({
    keys,
    profile: 'eth',
    ethPolicy: parseEthPolicy(JSON.stringify(policy), 'policy'),
  })
}

/** How often a board was asked for a signature of Ethereum. */
export const ethSignatures = (board: SimulatedTezio): number =>
  board.log.filter(({ name }) => name === 'SIGN_ETH').length
