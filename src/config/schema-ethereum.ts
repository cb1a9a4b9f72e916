import { z } from 'zod'
import { readObjectId } from './device-values.js'
import {
  oneOf,
  readEthAddress,
  readEthPublicKey,
  readHash,
  readHeaderName,
  readPrefix,
  readWei,
} from './ethereum-values.js'
import { readFilePath } from './proof-values.js'
import { leaf, list, oneOrMore, section, sections, table } from './schema-forms.js'
import { readBoolean, readText, wholeNumber } from './values.js'

/** EIP-2294: above it a legacy transaction's `v` is more than wallets hold. */
const MAX_CHAIN_ID = 4_503_599_627_370_476
/** 31 days. */
const MAX_WINDOW_HOURS = 744
const MAX_GAS = 30_000_000

const chainId = leaf(wholeNumber(1, MAX_CHAIN_ID, ' (a chain id)'))
const hours = leaf(wholeNumber(1, MAX_WINDOW_HOURS, ' (hours)'))
const clients = oneOrMore(readText)
const milliseconds = leaf(wholeNumber(200, 10_000, ' (milliseconds)'))

const isMapping = (value: unknown) => typeof value === 'object' && value !== null && !Array.isArray(value)

const domain = section({
  name: leaf(readText).unwrap(),
  version: leaf(readText).unwrap(),
  chain_id: chainId.unwrap(),
  verifying_contract: leaf(readEthAddress).unwrap(),
})

const claims = section({
  domain,
  distribution: leaf(readFilePath).unwrap(),
  merkle_root: leaf(readHash).unwrap(),
  leaf: leaf(oneOf('gitcoin-v1', 'uniswap-v1', 'oz-standard')),
  reissue: leaf(oneOf('deny', 'allow')),
  auth: section({
    scheme: leaf(oneOf('hmac-v0-rawbody', 'hmac-v1')),
    header: leaf(readHeaderName),
    key_file: leaf(readFilePath).unwrap(),
    max_skew_s: leaf(wholeNumber(5, 3600, ' (seconds)')),
  }),
  old_routes: leaf(readBoolean),
})

const destination = z.preprocess(
  (value) => (isMapping(value) ? value : { address: value }),
  section({
    address: leaf(readEthAddress).unwrap(),
    gas_limit: leaf(wholeNumber(21_000, MAX_GAS, ' (gas)')),
  }),
)

const transfers = section({
  destinations: sections(destination),
  max_wei: leaf(readWei).unwrap(),
  max_fee_wei: leaf(readWei).unwrap(),
  windows: sections(section({ hours: hours.unwrap(), max_wei: leaf(readWei).unwrap() })),
  clients,
  old_routes: section({ gas_price_wei: leaf(readWei).unwrap() }).nullish(),
})

const member = section({ name: leaf(readText).unwrap(), type: leaf(readText).unwrap() })

const typedData = section({
  domain: section({
    name: leaf(readText),
    version: leaf(readText),
    chain_id: chainId,
    verifying_contract: leaf(readEthAddress),
    salt: leaf(readHash),
  }),
  primary_type: leaf(readText).unwrap(),
  types: table(sections(member)),
})

/** The Ethereum jobs. */
export const ethereumSection = section({
  key: section({
    device: leaf(readText),
    address: leaf(readEthAddress).unwrap(),
    public_key: leaf(readEthPublicKey),
    label: leaf(readText),
    id: leaf(readObjectId),
  }),
  chains: sections(
    z.preprocess(
      (value) => (isMapping(value) ? value : { id: value }),
      section({ id: chainId.unwrap(), types: oneOrMore(oneOf('legacy', 'eip1559')) }),
    ),
  ).optional(),
  stock_grind: leaf(readBoolean),
  claims: claims.optional(),
  transfers: transfers.optional(),
  typed_data: sections(typedData).optional(),
  message_prefixes: list(readPrefix).optional(),
  rpc: section({ clients }).nullish(),
})

/** Accounts that are made and kept for others. */
export const accountsSection = section({
  custody: leaf(oneOf('hsm', 'vault')),
  hsm: section({
    module: leaf(readFilePath).unwrap(),
    token: section({ label: leaf(readText), serial: leaf(readText) }),
    pin_file: leaf(readFilePath),
    timeout_ms: milliseconds,
  }).optional(),
  vault: section({ devices: oneOrMore(readText) }).nullish(),
  sign: oneOrMore(oneOf('message', 'typed_data', 'transaction')),
  chains: list(wholeNumber(1, MAX_CHAIN_ID, ' (a chain id)')).optional(),
  max_wei: leaf(readWei),
  max_fee_wei: leaf(readWei),
  old_routes: leaf(readBoolean),
})
