import { readFileSync } from 'node:fs'
import { keysFromSecrets, parseEthPolicy, type SimulatedTezioOptions } from '../../hw-sim/index.js'
import { ETH_OPCODE, joinBody, statusName } from '../../src/device/tezio/index.js'
import { toHex } from '../../src/tezos/index.js'
import { bench, hex } from './bench.js'
import { SECRETS } from './tezio-sim-support.js'

const page = readFileSync(new URL('../../docs/firmware-eth.md', import.meta.url), 'utf8')

/** The blocks of docs/firmware-eth.md in one language, without their fences. */
export const blocksOf = (language: string): readonly string[] =>
  [...page.matchAll(/^```(\w+)\n([^]*?)^```$/gm)].flatMap(([, found, text = '']) =>
    found === language ? [text.trim()] : [],
  )

/** The policy of docs/firmware-eth.md, as it is written there. */
export const POLICY_TEXT = blocksOf('json')[0] ?? ''
export const POLICY = parseEthPolicy(POLICY_TEXT, 'docs/firmware-eth.md')

const [secret = '', x = '', y = '', address = ''] = (blocksOf('text')[0] ?? '').split('\n')
/** Key and address of docs/firmware-eth.md; the public key is X then Y. */
export const ETH_SECRET = secret
export const ETH_KEY = hex(x + y)
export const ETH_ADDRESS = address

/** The secrets of the transcripts, with the key of docs/firmware-eth.md for alias 2. */
export const ETH_SECRETS = { ...SECRETS, secp256k1: secret }
export const ETH_KEYS = keysFromSecrets({
  auth: hex(SECRETS.auth),
  ed25519: hex(SECRETS.ed25519),
  secp256k1: hex(secret),
  p256: hex(SECRETS.p256),
})

/** A device of profile `eth` on the bench, with the policy of docs/firmware-eth.md. */
export function ethBench(options: Partial<SimulatedTezioOptions> = {}) {
  const rig = bench({ keys: ETH_KEYS, profile: 'eth', ethPolicy: POLICY, ...options })
  /** SIGN_ETH: the signature in hex, or the status by its name. */
  const signEth = (form: number, data: Uint8Array): string => {
    const body = rig.ask(joinBody({ opcode: ETH_OPCODE.signEth, param1: 2, param2: form, param3: 0, data }))
    return body.length === 1 ? statusName(body[0] ?? 0) : toHex(body)
  }
  return { ...rig, signEth }
}
