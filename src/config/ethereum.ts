import { dirname, resolve } from 'node:path'
import { isLoopback } from './addresses.js'
import { refuseUnknownClients } from './clients.js'
import type { Config, DeviceConfig, KeyConfig } from './config.js'
import type {
  EthClaimsConfig,
  EthereumConfig,
  EthKeyConfig,
  EthTransfersConfig,
  EthTypedDataConfig,
} from './ethereum-config.js'
import type { Findings, Path } from './findings.js'
import type { EthereumEntry, FileContents } from './schema.js'

/** What the Ethereum jobs have to fit to. */
export type EthereumSurroundings = {
  readonly configFile: string
  readonly devices: readonly DeviceConfig[]
  readonly keys: readonly KeyConfig[]
  /** Who may be named in `clients`. */
  readonly names: readonly string[]
  readonly server: Config['server']
}

const ETHEREUM: Path = ['ethereum']
const TRANSFER_GAS = 21_000
const MAX_SKEW_S = 300
const HEADER = 'x-gitcoin-sig'

/** The Ethereum jobs; `undefined` where there are none. */
export function readEthereum(
  file: FileContents,
  around: EthereumSurroundings,
  findings: Findings,
): EthereumConfig | undefined {
  const { ethereum } = file
  if (ethereum === undefined) return undefined
  const { claims, transfers, rpc, stock_grind } = ethereum
  const config: EthereumConfig = {
    key: readKey(ethereum, around, findings),
    chains: (ethereum.chains ?? [{ id: 1, types: undefined }]).map(({ id, types }) => {
      return { id, types: [...new Set(types ?? (['legacy', 'eip1559'] as const))] }
    }),
    stockGrind: stock_grind ?? false,
    claims: claims && readClaims(claims, around),
    transfers: transfers && readTransfers(transfers, around, findings),
    typedData: (ethereum.typed_data ?? []).map(readTypedData),
    messagePrefixes: ethereum.message_prefixes ?? [],
    rpc: rpc === undefined ? undefined : { clients: readClients(rpc?.clients, 'rpc', around, findings) },
  }
  checkJobs(config, file, findings)
  return config
}

function checkJobs(config: EthereumConfig, file: FileContents, findings: Findings): void {
  const { claims, transfers, rpc, typedData, messagePrefixes, chains } = config
  if (claims === undefined && transfers === undefined && rpc === undefined) {
    findings.refuse(ETHEREUM, 'asks for nothing; add claims, transfers or rpc, or remove the section')
  }
  if (rpc === undefined && typedData.length + messagePrefixes.length > 0) {
    findings.refuse(
      ETHEREUM,
      'has typed_data or message_prefixes, which only rpc asks for; add rpc, or remove them',
    )
  }
  if (
    transfers?.oldGasPriceWei !== undefined &&
    !(chains.length === 1 && chains[0]?.types.includes('legacy'))
  ) {
    const path = [...ETHEREUM, 'transfers', 'old_routes']
    findings.refuse(
      path,
      'signs legacy transactions and names no chain: chains must be one chain with the type legacy',
    )
  }
  if (config.stockGrind) {
    findings.warn(
      "ethereum.stock_grind is true: transfers are given a gas limit that makes their digest begin with 0x03, so the board's policy protects nothing; the rules of this host are all there is.",
    )
  }
  if (file.marks?.postgresql !== undefined || file.marks?.dynamodb !== undefined) {
    findings.warn(
      'ethereum: claims, nonces and spend windows are kept on this host alone, though the marks are shared; configure ethereum on one host only.',
    )
  }
}

function readKey(
  { key }: EthereumEntry,
  { devices, keys }: EthereumSurroundings,
  findings: Findings,
): EthKeyConfig {
  const path = [...ETHEREUM, 'key']
  const names = devices.map(({ name }) => name)
  const named = key.device ?? (names.length === 1 ? names[0] : undefined)
  const device = devices.find(({ name }) => name === named)
  if (device === undefined) {
    const what =
      named === undefined ? 'does not say which device holds it' : `names "${named}", which is no device`
    findings.refuse(path, `${what}; write device: with one of ${names.join(', ')}`)
  }
  if (device !== undefined) refuseTwoRoles(device, key, keys, findings)
  if (device?.kind === 'pkcs11' && key.label === undefined && key.id === undefined) {
    findings.refuse(path, 'is found by nothing; add its label or its id on the token')
  }
  if (device?.kind === 'tezio' && (key.label !== undefined || key.id !== undefined)) {
    findings.refuse(path, 'has a label or an id, and a board has neither; remove them')
  }
  const { address, public_key: publicKey, label, id } = key
  return { device: device?.name ?? '', address, publicKey, label, id }
}

/** A board has one key of the curve; on a token the objects' names tell. */
function refuseTwoRoles(
  device: DeviceConfig,
  key: EthereumEntry['key'],
  keys: readonly KeyConfig[],
  findings: Findings,
): void {
  for (const { publicKeyHash: hash, devices, curve, curveAlias } of keys) {
    if (!devices.includes(device.name) || curve !== 'secp256k1') continue
    const object =
      device.kind === 'pkcs11' ? device.keys.find((one) => one.publicKeyHash === hash) : undefined
    const isSame =
      device.kind === 'tezio'
        ? curveAlias === 2
        : (object?.label !== undefined && object.label === key.label) ||
          (object?.id !== undefined && object.id === key.id)
    if (!isSame) continue
    findings.refuse(
      [...ETHEREUM, 'key'],
      `is the key of ${hash} on ${device.name}, and a key is tezos or ethereum, never both; remove it from policy.signing_keys, or use another key`,
    )
  }
}

function readClaims(
  {
    domain,
    distribution,
    merkle_root,
    leaf,
    reissue,
    auth,
    old_routes,
  }: NonNullable<EthereumEntry['claims']>,
  { configFile }: EthereumSurroundings,
): EthClaimsConfig {
  const absolute = (file: string) => resolve(dirname(configFile), file)
  const { name, version, chain_id: chainId, verifying_contract: verifyingContract } = domain
  return {
    domain: { name, version, chainId, verifyingContract },
    distributionFile: absolute(distribution),
    merkleRoot: merkle_root,
    leaf: leaf ?? 'gitcoin-v1',
    reissue: reissue ?? 'deny',
    auth: {
      scheme: auth.scheme ?? 'hmac-v0-rawbody',
      header: auth.header ?? HEADER,
      keyFile: absolute(auth.key_file),
      maxSkewMs: (auth.max_skew_s ?? MAX_SKEW_S) * 1000,
    },
    oldRoutes: old_routes ?? false,
  }
}

function readTransfers(
  transfers: NonNullable<EthereumEntry['transfers']>,
  around: EthereumSurroundings,
  findings: Findings,
): EthTransfersConfig {
  const { destinations, max_wei: maxWei, max_fee_wei: maxFeeWei, windows, clients, old_routes } = transfers
  const path = [...ETHEREUM, 'transfers']
  if (destinations.length === 0)
    findings.refuse([...path, 'destinations'], 'lists nobody; name who may be paid')
  if (windows.length === 0) {
    findings.refuse(
      [...path, 'windows'],
      'lists nothing; say how much may go in how many hours, at least once',
    )
  }
  return {
    destinations: destinations.map(({ address, gas_limit }) => {
      return { address, gasLimit: BigInt(gas_limit ?? TRANSFER_GAS) }
    }),
    maxWei,
    maxFeeWei,
    windows: windows.map(({ hours, max_wei }) => ({ hours, maxWei: max_wei })),
    clients: readClients(clients, 'transfers', around, findings),
    oldGasPriceWei: old_routes?.gas_price_wei,
  }
}

/** Who may ask. Where others than this machine's programs can reach the listener somebody must be named. */
function readClients(
  listed: readonly string[] | undefined,
  job: 'transfers' | 'rpc',
  { names, server }: EthereumSurroundings,
  findings: Findings,
): readonly string[] | undefined {
  const path = [...ETHEREUM, job]
  if (listed !== undefined) {
    refuseUnknownClients(listed, names, path, findings)
    return listed
  }
  if (isLoopback(server.listen.host) && server.trustedProxies.length === 0) return undefined
  findings.refuse(
    path,
    'does not say who may ask, and server.listen can be reached by other machines (or by a proxy for them); add clients, with names of policy.clients that have a token_file or a certificate',
  )
  return undefined
}

function readTypedData({ domain, primary_type, types }: TypedDataEntry): EthTypedDataConfig {
  const { name, version, chain_id: chainId, verifying_contract: verifyingContract, salt } = domain
  const members = { name, version, chainId, verifyingContract, salt }
  const said = Object.entries(members).filter(([, value]) => value !== undefined)
  return { domain: Object.fromEntries(said), primaryType: primary_type, types }
}

type TypedDataEntry = NonNullable<EthereumEntry['typed_data']>[number]
