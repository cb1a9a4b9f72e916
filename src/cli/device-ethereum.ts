import type { Config } from '../config/index.js'
import { ETH_ALIAS, type EthForm, type TezioDevice } from '../device/index.js'
import type { Pkcs11Device } from '../device/pkcs11/index.js'
import type { EthAddress } from '../ethereum/index.js'
import type { DeviceAnswer } from '../policy/index.js'
import { orFailure } from './signing-device.js'

/** What a device does for the key of Ethereum. Each signature is one attempt, R then S, not verified. */
export type DeviceEthereum =
  | {
      readonly kind: 'board'
      /** As last told, in 33 bytes. */
      readonly publicKey: () => Uint8Array | undefined
      /** Whether its firmware hashes and judges for Ethereum; `undefined` before the first contact. */
      readonly canSignEth: () => boolean | undefined
      readonly signEth: (form: EthForm, data: Uint8Array) => Promise<DeviceAnswer>
      /** Over a digest that begins with 0x03. */
      readonly signDigest: (digest: Uint8Array) => Promise<DeviceAnswer>
    }
  | {
      readonly kind: 'token'
      readonly publicKey: () => Uint8Array | undefined
      readonly signDigest: (digest: Uint8Array) => Promise<DeviceAnswer>
    }

/** What a board does for Ethereum. */
export function boardEthereum(device: TezioDevice): DeviceEthereum {
  return {
    kind: 'board',
    publicKey: () => device.keys().get(ETH_ALIAS)?.bytes,
    canSignEth: () => device.info()?.capabilities.includes('eth-keccak'),
    signEth: (form, data) => signed(() => device.signEth(form, data)),
    signDigest: (digest) => signed(() => device.signDigest(digest)),
  }
}

/** What a token does for Ethereum. */
export function tokenEthereum(device: Pkcs11Device, address: EthAddress): DeviceEthereum {
  return {
    kind: 'token',
    publicKey: () => device.ethereumKeyOf(address),
    signDigest: (digest) => signed(() => device.signDigest(address, digest)),
  }
}

/** The key of Ethereum on a token; `undefined` where it is on another device. What reads an address is loaded only here. */
export async function ethereumTokenKey({ ethereum }: Config, device: string) {
  if (ethereum?.key.device !== device) return undefined
  const { parseEthAddress } = await import('../ethereum/index.js')
  const { label, id } = ethereum.key
  const address = parseEthAddress(ethereum.key.address)
  return address === undefined ? undefined : { address, label, id }
}

function signed(sign: () => Promise<Uint8Array>): Promise<DeviceAnswer> {
  return orFailure(async () => ({ outcome: 'signed', signature: await sign() }))
}
