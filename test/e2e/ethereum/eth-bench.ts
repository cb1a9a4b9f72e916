import { createHmac, randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { createSimulatedTezio, type SimulatedTezio } from '../../../hw-sim/index.js'
import {
  addressOfPublicKey,
  leafOf,
  parentOf,
  parseEthPublicKey,
  toHex0x,
  type EthAddress,
} from '../../../src/ethereum/index.js'
import { transcriptKeys } from '../../device/support.js'
import { Opened, PIN } from '../../device/pkcs11/rig.js'
import { MODULE } from '../../device/pkcs11/soft-tokens.js'
import { address } from '../../ethereum/golden.js'
import { Bench, cli, type Daemon } from '../daemon.js'

/** Whose claims the benches sign; the domain of the old service's example. */
export const DOMAIN = {
  ...{ name: 'ZKWOLF', version: '1.0.0', chainId: 1 },
  verifyingContract: '0x42EB768f2244C8811C63729A21A3569731535f06',
} as const

/** What the contract of a distribution has signed. */
export const CLAIM_TYPES = {
  Claim: [
    { name: 'user_id', type: 'uint32' },
    { name: 'user_address', type: 'address' },
    { name: 'user_amount', type: 'uint256' },
    { name: 'delegate_address', type: 'address' },
    { name: 'leaf', type: 'bytes32' },
  ],
}

/** Who may be paid. */
export const PAYEE = address('0x3535353535353535353535353535353535353535')

/** A claim of the distribution, as a request has it. */
export type Claim = {
  readonly user_id: number
  readonly user_address: string
  readonly user_amount: string
  readonly delegate_address: string
}

/** A distribution for users 1 to `users`, in the old service's file form. */
export function distribution(users: number) {
  const claims: readonly Claim[] = Array.from({ length: users }, (_, index) => {
    const user = toHex0x(
      Uint8Array.from({ length: 20 }, (_byte, at) => (at < 16 ? 0xa1 : (index >> (8 * (19 - at))) & 0xff)),
    )
    const amount = String(10n ** 15n * BigInt(index + 1))
    return { user_id: index + 1, user_address: user, user_amount: amount, delegate_address: PAYEE }
  })
  const leaves = claims.map(({ user_id, user_amount, user_address }) =>
    leafOf('gitcoin-v1', {
      id: BigInt(user_id),
      address: address(user_address),
      amount: BigInt(user_amount),
    }),
  )
  const rows = [leaves]
  for (let row = leaves; row.length > 1; rows.push(row)) {
    row = row.flatMap((node, index) =>
      index % 2 === 1 ? [] : [row[index + 1] === undefined ? node : parentOf(node, row[index + 1]!)],
    )
  }
  const proofOf = (leaf: number) =>
    rows.flatMap((row, height) => {
      const beside = row[(leaf >> height) ^ 1]
      return row.length === 1 || beside === undefined ? [] : [toHex0x(beside)]
    })
  const file = Object.fromEntries(
    claims.map(({ user_id }, index) => [user_id, { leaf: toHex0x(leaves[index]!), proof: proofOf(index) }]),
  )
  return { claims, file, root: toHex0x(rows.at(-1)![0]!) }
}

/** The section `ethereum` for a key; `changed` replaces parts of it. */
function ethereumSection(key: object, root: string, { ethereum = {}, claimsAuth = {} }: EthBenchOptions) {
  return {
    key,
    chains: [1],
    claims: {
      domain: {
        ...{ name: DOMAIN.name, version: DOMAIN.version, chain_id: DOMAIN.chainId },
        verifying_contract: DOMAIN.verifyingContract,
      },
      ...{
        distribution: 'dist_proofs.json',
        merkle_root: root,
        auth: { key_file: 'claims.key', ...claimsAuth },
        old_routes: true,
      },
    },
    transfers: {
      destinations: [PAYEE],
      ...{ max_wei: String(10n ** 18n), max_fee_wei: String(10n ** 16n) },
      windows: [{ hours: 24, max_wei: String(10n ** 21n) }],
    },
    rpc: {},
    ...ethereum,
  }
}

/** What a bench is made with. */
export type EthBenchOptions = {
  readonly users?: number
  /** Sections of `ethereum` in the place of the usual ones. */
  readonly ethereum?: object
  /** Further entries of `claims.auth`. */
  readonly claimsAuth?: object
  /** Further sections of the file. */
  readonly rest?: object
}

/** A daemon with a key of Ethereum, and what its clients know. */
export class EthBench {
  readonly bench: Bench
  readonly address: EthAddress
  readonly claims: readonly Claim[]
  readonly hmacKey = randomBytes(16)
  readonly #closing: (() => unknown)[]

  private constructor(bench: Bench, of: EthAddress, claims: readonly Claim[], closing: (() => unknown)[]) {
    this.bench = bench
    this.address = of
    this.claims = claims
    this.#closing = [() => bench.close(), ...closing]
    writeFileSync(join(bench.folder, 'claims.key'), this.hmacKey.toString('hex'), { mode: 0o600 })
  }

  /** The key in a token of SoftHSM2. */
  static async withToken(options: EthBenchOptions = {}): Promise<EthBench> {
    const { users = 4, rest = {} } = options
    const opened = new Opened()
    const tokens = opened.tokens()
    tokens.add('eth', PIN)
    const made = tokens.addKey({ by: 'label', value: 'eth' }, PIN, { curve: 'secp256k1', label: 'payer' })
    const key = parseEthPublicKey(made.publicKey.bytes)
    if (key === undefined) throw new Error('the token made no key')
    const of = addressOfPublicKey(key)
    const { claims, file, root } = distribution(users)
    const bench = new Bench(
      stringify({
        ...{ server: { listen: '127.0.0.1:0' }, admin: { listen: '127.0.0.1:0' } },
        devices: { token: { kind: 'pkcs11', module: MODULE, token: { label: 'eth' }, pin_file: './pin' } },
        ethereum: ethereumSection({ address: of, label: 'payer' }, root, options),
        ...rest,
      }),
    )
    writeFileSync(join(bench.folder, 'pin'), PIN, { mode: 0o600 })
    writeFileSync(join(bench.folder, 'dist_proofs.json'), JSON.stringify(file))
    return new EthBench(bench, of, claims, [() => opened.close()]).#initialised()
  }

  /** The key on a simulated board. */
  static async withBoard(
    board: (facts: { readonly domain: typeof DOMAIN; readonly payee: EthAddress }) => SimulatedTezio,
    options: EthBenchOptions = {},
  ): Promise<EthBench> {
    const { users = 4, rest = {} } = options
    const simulated = board({ domain: DOMAIN, payee: PAYEE })
    const key = parseEthPublicKey(transcriptKeys().secp256k1.publicKey.bytes)
    if (key === undefined) throw new Error('the board has no key')
    const of = addressOfPublicKey(key)
    const { claims, file, root } = distribution(users)
    const bench = new Bench(
      (ports) =>
        stringify({
          ...{ server: { listen: '127.0.0.1:0' }, admin: { listen: '127.0.0.1:0' } },
          devices: { board: { kind: 'tezio', port: ports[0] } },
          ethereum: ethereumSection({ address: of }, root, options),
          ...rest,
        }),
      simulated,
    )
    writeFileSync(join(bench.folder, 'dist_proofs.json'), JSON.stringify(file))
    return new EthBench(bench, of, claims, []).#initialised()
  }

  /** A daemon that has found its device. */
  async started(): Promise<{ readonly daemon: Daemon; readonly url: string }> {
    const daemon = this.bench.startConfigured()
    await daemon.line('device.ready')
    return { daemon, url: await daemon.url() }
  }

  /** The HMAC of the old service, in its upper case. */
  hmac(content: string | Uint8Array): string {
    return createHmac('sha256', this.hmacKey).update(content).digest('hex').toUpperCase()
  }

  async close(): Promise<void> {
    for (const close of this.#closing) await close()
  }

  async #initialised(): Promise<this> {
    const made = await cli('init', ...this.bench.options)
    if (made.code !== 0) throw new Error(made.stderr)
    return this
  }
}

/** What was answered: the status, and the JSON. */
export type EthAnswer = { readonly status: number; readonly body: Record<string, unknown> }

/** Posts JSON. */
export async function post(
  url: string,
  value: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<EthAnswer> {
  const body = typeof value === 'string' ? value : JSON.stringify(value)
  const answer = await fetch(url, {
    method: 'POST',
    body,
    headers: { 'content-type': 'application/json', ...headers },
  })
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> }
}

/** A stock board. */
export const stockBoard = () => createSimulatedTezio({ keys: transcriptKeys() })
