import type {
  AccountsConfig,
  EthClaimsConfig,
  EthereumConfig,
  EthTransfersConfig,
} from './ethereum-config.js'

/** The section of the Ethereum jobs. The files of secrets are named, and not read. */
export function ethereumSettings({
  key,
  chains,
  claims,
  transfers,
  typedData,
  rpc,
  ...rest
}: EthereumConfig) {
  const { publicKey: public_key, label, id } = key
  return {
    key: {
      ...{ device: key.device, address: key.address },
      ...present({ public_key, label, id }),
    },
    chains,
    stock_grind: rest.stockGrind,
    ...present({
      claims: claims && claimsSettings(claims),
      transfers: transfers && transfersSettings(transfers),
    }),
    ...(typedData.length === 0 ? {} : { typed_data: typedData.map(typedDataSettings) }),
    ...(rest.messagePrefixes.length === 0 ? {} : { message_prefixes: rest.messagePrefixes }),
    ...(rpc === undefined ? {} : { rpc: present({ clients: rpc.clients }) }),
  }
}

/** The section of managed accounts. */
export function accountsSettings({
  custody,
  hsm,
  vault,
  sign,
  chains,
  maxWei,
  maxFeeWei,
  oldRoutes,
}: AccountsConfig) {
  return {
    custody,
    ...(hsm === undefined
      ? {}
      : {
          hsm: {
            ...{ module: hsm.module, token: { [hsm.token.by]: hsm.token.value } },
            ...present({ pin_file: hsm.pinFile }),
            timeout_ms: hsm.timeoutMs,
          },
        }),
    ...present({ vault }),
    sign,
    ...(chains.length === 0 ? {} : { chains }),
    ...present({ max_wei: maxWei?.toString(), max_fee_wei: maxFeeWei?.toString() }),
    old_routes: oldRoutes,
  }
}

function claimsSettings({
  domain,
  distributionFile,
  merkleRoot,
  leaf,
  reissue,
  auth,
  oldRoutes,
}: EthClaimsConfig) {
  const { name, version, chainId: chain_id, verifyingContract: verifying_contract } = domain
  return {
    domain: { name, version, chain_id, verifying_contract },
    ...{ distribution: distributionFile, merkle_root: merkleRoot, leaf, reissue },
    auth: {
      ...{ scheme: auth.scheme, header: auth.header, key_file: auth.keyFile },
      max_skew_s: auth.maxSkewMs / 1000,
    },
    old_routes: oldRoutes,
  }
}

function transfersSettings({
  destinations,
  maxWei,
  maxFeeWei,
  windows,
  clients,
  oldGasPriceWei,
}: EthTransfersConfig) {
  return {
    destinations: destinations.map(({ address, gasLimit }) => ({ address, gas_limit: Number(gasLimit) })),
    max_wei: String(maxWei),
    max_fee_wei: String(maxFeeWei),
    windows: windows.map((window) => ({ hours: window.hours, max_wei: String(window.maxWei) })),
    ...present({ clients }),
    ...(oldGasPriceWei === undefined ? {} : { old_routes: { gas_price_wei: String(oldGasPriceWei) } }),
  }
}

function typedDataSettings({
  domain,
  primaryType: primary_type,
  types,
}: EthereumConfig['typedData'][number]) {
  const { chainId: chain_id, verifyingContract: verifying_contract, ...others } = domain
  return { domain: { ...others, ...present({ chain_id, verifying_contract }) }, primary_type, types }
}

/** Without what is undefined. */
function present<Values extends object>(values: Values): Partial<Values> {
  const said = Object.entries(values).filter(([, value]) => value !== undefined)
  return Object.fromEntries(said) as Partial<Values>
}
