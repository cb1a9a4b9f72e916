import type { EthDevice, EthDeviceFailure } from '../../eth-signer/index.js'
import { keccak256, parseEthPublicKey } from '../../ethereum/index.js'
import type { DeviceAnswer, GuardedSigner, RefusalCode } from '../../policy/index.js'
import type { DeviceEthereum } from '../device-ethereum.js'
import type { ConfiguredDevice } from '../device-set.js'

/** Whose turn it is when Ethereum asks a device that Tezos asks too. */
const OWNER = 'ethereum'

/** What is said of a device from elsewhere. */
export type EthDeviceOptions = {
  /** Whether stock firmware is asked for transfers whose digest begins with 0x03. */
  readonly isGrindAllowed: boolean
  /** Why its key must not sign for Ethereum; `undefined` where it may. */
  readonly conflict: () => string | undefined
}

/** Introduces a device to the signer of Ethereum: it waits for its turn behind blocks and votes. */
export function ethDevice(
  device: Pick<ConfiguredDevice, 'name' | 'signing'> & { readonly ethereum: DeviceEthereum },
  signer: Pick<GuardedSigner, 'atDevice'>,
  { isGrindAllowed, conflict }: EthDeviceOptions,
): EthDevice {
  const { name, signing, ethereum } = device
  return {
    name,
    publicKey: () => {
      const told = ethereum.publicKey()
      return told && parseEthPublicKey(told)
    },
    capability: () => capabilityOf(ethereum, isGrindAllowed),
    ready: async (ms) => {
      const failure = await signing.ready(ms)
      const message = failure === undefined ? conflict() : undefined
      if (message === undefined) return failure
      return { outcome: 'failed', code: 'device-refused', message, sent: false }
    },
    sign: async (preimage, deadlineAt) => {
      const patience = { deadlineAt, signal: undefined }
      const answer = await signer.atDevice(signing, OWNER, patience, () => attempt(ethereum, preimage))
      if ('outcome' in answer) return answer
      const { message } = answer
      return { outcome: 'failed', code: failureCode(answer.code), message, sent: false }
    },
  }
}

function capabilityOf(
  ethereum: DeviceEthereum,
  isGrindAllowed: boolean,
): ReturnType<EthDevice['capability']> {
  if (ethereum.kind === 'token') return ethereum.publicKey() === undefined ? undefined : 'digest'
  const canSignEth = ethereum.canSignEth()
  if (canSignEth === undefined) return undefined
  if (canSignEth) return 'eth'
  return isGrindAllowed ? 'grind' : 'none'
}

/** A board that hashes and judges by itself is given what is hashed, every other device the digest. */
function attempt(
  ethereum: DeviceEthereum,
  preimage: Parameters<EthDevice['sign']>[0],
): Promise<DeviceAnswer> {
  if (ethereum.kind === 'board' && ethereum.canSignEth() === true) {
    const form = preimage.kind === 'transaction' ? preimage.transaction.type : 'eip191'
    return ethereum.signEth(form, preimage.bytes)
  }
  return ethereum.signDigest(keccak256(preimage.bytes))
}

const FAILURES: readonly EthDeviceFailure['code'][] = [
  ...(['queue-full', 'deadline-passed', 'client-gone', 'shutting-down'] as const),
  ...(['device-unavailable', 'device-busy', 'device-lost', 'device-timeout', 'device-failed'] as const),
  ...([
    'device-reply-damaged',
    'device-watermark',
    'device-policy',
    'device-refused',
    'wrong-device',
  ] as const),
]

/** Why the turn at the device did not come. */
function failureCode(code: RefusalCode): EthDeviceFailure['code'] {
  return FAILURES.find((one) => one === code) ?? 'device-unavailable'
}
