import { readFileSync } from 'node:fs'
import { z } from 'zod'
import {
  fromHex0x,
  parseEthAddress,
  parseEthPublicKey,
  type EthAddress,
  type EthPublicKey,
} from '../../src/ethereum/index.js'

const signature = { r: z.string(), s: z.string(), yParity: z.literal([0, 1]) }
const node = z.object({ leaf: z.string(), proof: z.array(z.string()) })
const claim = z.object({
  user_id: z.number(),
  user_address: z.string(),
  user_amount: z.string(),
  delegate_address: z.string(),
  leaf: z.string(),
  structHash: z.string(),
  digest: z.string(),
  ...signature,
  request: z.object({ raw_body: z.string(), hmac_header: z.string(), compact_body_hmac: z.string() }),
  expected_response: z.record(z.string(), z.unknown()),
})
const transaction = z.object({
  tx: z.record(z.string(), z.unknown()),
  unsigned: z.string(),
  digest: z.string(),
  raw: z.string(),
  hash: z.string(),
  ...signature,
})

/** test/vectors/ethereum.json, as far as the tests use it; its `provenance` names the sources. */
export const golden = z
  .object({
    keys: z.object({ eip155_46: z.object({ priv: z.string(), pub: z.string(), address: z.string() }) }),
    eip712_mail: z.object({
      domainSeparator: z.string(),
      digest: z.string(),
      signature65: z.string(),
      ...signature,
    }),
    esms_claim: z.object({
      typeHash: z.string(),
      domain: z.object({
        name: z.string(),
        version: z.string(),
        chainId: z.number(),
        verifyingContract: z.string(),
      }),
      domainSeparator: z.string(),
      hmac_key: z.string(),
      merkleRoot: z.string(),
      dist_proofs_json: z.record(z.string(), node),
      claims: z.array(claim),
    }),
    eip191_personal: z.object({
      message: z.string(),
      digest: z.string(),
      signature65: z.string(),
      ...signature,
    }),
    tx_eip155: transaction,
    tx_llmora_EIP155: transaction,
    tx_eip1559: transaction,
    grind_gaslimit_example: transaction.omit({ tx: true }).extend({ gas: z.number(), tries: z.number() }),
    recovery: z.array(
      z.object({
        digest: z.string(),
        r: z.string(),
        s: z.string(),
        pub: z.string(),
        expect: z.union([
          z.literal('reject'),
          z.object({ s: z.string(), yParity: z.number(), address: z.string() }),
        ]),
      }),
    ),
    merkle_uniswap_three: z.object({
      merkleRoot: z.string(),
      claims: z.record(
        z.string(),
        z.object({ index: z.number(), amount: z.number(), leaf: z.string(), proof: z.array(z.string()) }),
      ),
    }),
    merkle_oz_standard: z.object({
      values: z.array(z.tuple([z.string(), z.string()])),
      leaves: z.array(z.string()),
      merkleRoot: z.string(),
    }),
  })
  .parse(JSON.parse(readFileSync(new URL('../vectors/ethereum.json', import.meta.url), 'utf8')))

/** The bytes of a text that is known to be hex. */
export function bytes(text: string): Uint8Array {
  const read = fromHex0x(text.startsWith('0x') ? text : `0x${text}`)
  if (read === undefined) throw new Error(`not hex: ${text}`)
  return read
}

/** The address of a text that is known to be one. */
export function address(text: string): EthAddress {
  const read = parseEthAddress(text)
  if (read === undefined) throw new Error(`not an address: ${text}`)
  return read
}

/** The key of a text that is known to be one. */
export function publicKey(text: string): EthPublicKey {
  const read = parseEthPublicKey(bytes(text))
  if (read === undefined) throw new Error(`not a key: ${text}`)
  return read
}
