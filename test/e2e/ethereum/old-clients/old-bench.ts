import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { keysFromSecrets } from '../../../../hw-sim/index.js'
import { transcriptKeys } from '../../../device/support.js'
import { bytes, golden } from '../../../ethereum/golden.js'
import { DOMAIN, EthBench, PAYEE } from '../eth-bench.js'
import { ethBoard } from '../eth-board.js'

const { hmac_key, dist_proofs_json, merkleRoot } = golden.esms_claim
const { priv, address } = golden.keys.eip155_46

/** Whose signatures the old services made, in the vectors. */
export const SIGNER = address

/** What the old transfer service paid for a unit of gas, unless told. */
export const OLD_GAS_PRICE = 41_000_000_000n

/** A bridge in the place of both old services, with the key, the domain and the distribution of the vectors. */
export async function oldBench(): Promise<{ readonly bench: EthBench; readonly close: () => Promise<void> }> {
  const folder = mkdtempSync(join(tmpdir(), 'tezio-old-services-'))
  const [distribution, keyFile] = [join(folder, 'dist_proofs.json'), join(folder, 'hmac.key')]
  writeFileSync(distribution, JSON.stringify(dist_proofs_json))
  writeFileSync(keyFile, hmac_key, { mode: 0o600 })
  const one = bytes(priv)
  const { secp256k1 } = keysFromSecrets({ auth: one, ed25519: one, secp256k1: one, p256: one })
  const domain = { name: DOMAIN.name, version: DOMAIN.version, chain_id: DOMAIN.chainId }
  const bench = await EthBench.withBoard(() => ethBoard({ keys: { ...transcriptKeys(), secp256k1 } }), {
    ethereum: {
      key: { address },
      claims: {
        domain: { ...domain, verifying_contract: DOMAIN.verifyingContract },
        ...{ distribution, merkle_root: merkleRoot, auth: { key_file: keyFile }, old_routes: true },
      },
      transfers: {
        destinations: [PAYEE],
        ...{ max_wei: String(10n ** 18n), max_fee_wei: String(10n ** 16n) },
        windows: [{ hours: 24, max_wei: String(10n ** 19n) }],
        old_routes: { gas_price_wei: String(OLD_GAS_PRICE) },
      },
    },
  })
  const close = async () => {
    await bench.close()
    rmSync(folder, { recursive: true })
  }
  return { bench, close }
}

/** An answer, its body as it came. */
export type RawAnswer = { readonly status: number; readonly type: string | null; readonly text: string }

/** Sends a body as it is. */
export async function send(
  url: string,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<RawAnswer> {
  const answer = await fetch(url, { method: 'POST', body, headers })
  return { status: answer.status, type: answer.headers.get('content-type'), text: await answer.text() }
}
