import { ConfigError, type ConfigProblem, type EthereumConfig } from '../../config/index.js'
import {
  addressOfPublicKey,
  checkTypes,
  compressedPublicKey,
  domainSeparator,
  encodeTypeOf,
  EthereumError,
  fromHex0x,
  parseEthAddress,
  parseEthPublicKey,
  ZERO_ADDRESS,
  type EthAddress,
  type EthPublicKey,
} from '../../ethereum/index.js'
import {
  MAX_DISTRIBUTION_BYTES,
  readDistribution,
  type EthRules,
  type TypedDataRule,
} from '../../eth-signer/index.js'
import { publicKeyHash, type PublicKeyHash } from '../../tezos/index.js'
import type { ServedConfig } from '../served-config.js'
import { readFileBounded } from './read-file.js'

/** What the Ethereum key is, and what it may sign. */
export type EthereumPlan = {
  readonly address: EthAddress
  readonly publicKey: EthPublicKey | undefined
  readonly rules: EthRules
}

/**
 * What the section says once everything in it is looked at that takes Keccak-256: checksums, the distribution with all its
 * proofs, types. Throws a ConfigError that names every problem.
 */
export async function planEthereum(config: ServedConfig, ethereum: EthereumConfig): Promise<EthereumPlan> {
  const check = new Check(config.file)
  const address = check.address('ethereum.key.address', ethereum.key.address)
  const publicKey = check.publicKey(ethereum, address)
  check.role(config, address, publicKey)
  const rules: EthRules = {
    claims: await claimRules(ethereum, check),
    transfers: transferRules(ethereum, check),
    typedData: ethereum.typedData.map((rule, index) => check.typedData(rule, index)),
    messagePrefixes: ethereum.messagePrefixes,
  }
  check.claimsAlone(ethereum)
  check.finish()
  return { address, publicKey, rules }
}

/** The Tezos address that a key of Ethereum would have. */
export function tezosAddressOf(key: EthPublicKey): PublicKeyHash {
  return publicKeyHash({ curve: 'secp256k1', bytes: compressedPublicKey(key) })
}

/** The configured key of Tezos that is the same key; `undefined` where none is. */
export function otherRole(config: ServedConfig, key: EthPublicKey): PublicKeyHash | undefined {
  const hash = tezosAddressOf(key)
  const isConfigured = config.keys.some(({ publicKeyHash: one }) => one === hash)
  return isConfigured || config.authenticationKey?.publicKeyHash === hash ? hash : undefined
}

async function claimRules({ claims }: EthereumConfig, check: Check): Promise<EthRules['claims']> {
  if (claims === undefined) return undefined
  const { domain, distributionFile, merkleRoot, leaf, reissue } = claims
  const root = fromHex0x(merkleRoot) ?? new Uint8Array()
  const verifyingContract = check.address(
    'ethereum.claims.domain.verifying_contract',
    domain.verifyingContract,
  )
  const path = 'ethereum.claims.distribution'
  const bytes = await readFileBounded(distributionFile, MAX_DISTRIBUTION_BYTES)
  if (typeof bytes === 'string') {
    check.refuse(path, bytes)
    return undefined
  }
  const read = readDistribution(bytes, root)
  if (read.outcome === 'wrong') {
    check.refuse(path, `${distributionFile}: ${read.problem}; restore it, or correct merkle_root`)
    return undefined
  }
  const { distribution } = read
  return { domain: { ...domain, verifyingContract }, leaf, merkleRoot: root, distribution, reissue }
}

function transferRules({ transfers, chains }: EthereumConfig, check: Check): EthRules['transfers'] {
  if (transfers === undefined) return undefined
  const { destinations, maxWei, maxFeeWei, windows } = transfers
  return {
    chains: chains.map(({ id, types }) => ({ chainId: BigInt(id), types })),
    destinations: destinations.map(({ address, gasLimit }, index) => {
      const path = `ethereum.transfers.destinations[${index}]`
      return { address: check.address(path, address), gasLimit }
    }),
    ...{ maxWei, maxFeeWei, windows },
  }
}

/** Collects what is wrong. */
class Check {
  readonly #file: string
  readonly #problems: ConfigProblem[] = []

  constructor(file: string) {
    this.#file = file
  }

  refuse(path: string, message: string): void {
    this.#problems.push({ line: undefined, path, message })
  }

  address(path: string, text: string): EthAddress {
    const address = parseEthAddress(text)
    if (address === undefined) {
      this.refuse(path, `${text} has a wrong checksum (EIP-55); copy it again, or write it in lower case`)
    }
    if (address === ZERO_ADDRESS) this.refuse(path, 'is the zero address, which is nobody; name somebody')
    return address ?? ZERO_ADDRESS
  }

  publicKey({ key }: EthereumConfig, address: EthAddress): EthPublicKey | undefined {
    if (key.publicKey === undefined) return undefined
    const bytes = fromHex0x(key.publicKey)
    const publicKey = bytes && parseEthPublicKey(bytes)
    const path = 'ethereum.key.public_key'
    if (publicKey === undefined) this.refuse(path, 'is no point of secp256k1; copy it again')
    else if (addressOfPublicKey(publicKey) !== address) {
      this.refuse(
        path,
        `has the address ${addressOfPublicKey(publicKey)}, and address is ${address}; correct one`,
      )
    }
    return publicKey
  }

  /** A key whose other public key nobody knows yet is seen at the first contact with its device. */
  role(config: ServedConfig, address: EthAddress, key: EthPublicKey | undefined): void {
    const known = config.keys.find(({ curve, publicKey }) => {
      const same = curve === 'secp256k1' && publicKey && parseEthPublicKey(publicKey.bytes)
      return same !== undefined && same !== false && addressOfPublicKey(same) === address
    })
    const hash = known?.publicKeyHash ?? (key && otherRole(config, key))
    if (hash === undefined) return
    const text = `is the key of ${hash}, and a key is tezos or ethereum, never both; use another key`
    this.refuse('ethereum.key', text)
  }

  typedData(rule: TypedDataRule, index: number): TypedDataRule {
    const path = `ethereum.typed_data[${index}]`
    try {
      checkTypes(rule.types)
      encodeTypeOf(rule.types, rule.primaryType)
      domainSeparator(rule.domain)
    } catch (error) {
      if (!(error instanceof EthereumError)) throw error
      this.refuse(path, `${error.message}; correct it`)
    }
    return rule
  }

  /** Typed data in the domain of claims would be a way around their rules. */
  claimsAlone({ claims, typedData }: EthereumConfig): void {
    if (claims === undefined) return
    const own = separatorOf(claims.domain)
    if (own === undefined) return // its address was refused
    for (const [index, { domain }] of typedData.entries()) {
      if (separatorOf(domain)?.equals(own) !== true) continue
      const text = 'has the domain of claims, which are signed by their own rules alone; remove it'
      this.refuse(`ethereum.typed_data[${index}].domain`, text)
    }
  }

  finish(): void {
    if (this.#problems.length > 0) throw new ConfigError('invalid', this.#file, this.#problems)
  }
}

/** `undefined` for a domain that has none, which was told already. */
function separatorOf(domain: TypedDataRule['domain']): Buffer | undefined {
  try {
    return Buffer.from(domainSeparator(domain))
  } catch (error) {
    if (error instanceof EthereumError) return undefined
    throw error
  }
}
