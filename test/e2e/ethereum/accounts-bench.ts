import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { verifyMessage } from 'ethers'
import { stringify } from 'yaml'
import type { SimulatedTezio } from '../../../hw-sim/index.js'
import { askAccounts } from '../../../src/cli/accounts/ask-accounts.js'
import type { Scope } from '../../../src/accounts/index.js'
import { Terminal } from '../../cli/setup/terminal.js'
import { ROOT } from '../../docs/documents.js'
import { ADDRESS, Bench, cli, PROGRAM, type Daemon } from '../daemon.js'
import { post, stockBoard, type EthAnswer } from './eth-bench.js'

/** What a person of the benches types. */
export const SECRET = 'a long enough secret'

/** As long as a person takes at least: the daemon's own limit on real time, and a little more. */
const SLOW_MS = 550

/** What a bench is made with. */
export type AccountsBenchOptions = {
  /** Its boards are `board0`, `board1` and so on. */
  readonly boards?: readonly SimulatedTezio[]
  /** Parts of the section `accounts` in the place of the usual ones. */
  readonly accounts?: object
  /** Further sections of the file. */
  readonly rest?: object
}

/** What the command line told of a slot. */
export type Slot = { readonly slotId: string; readonly kind: string; readonly device?: string }

/** A daemon with managed accounts, an operator at a terminal, and clients with API keys. */
export class AccountsBench {
  readonly bench: Bench
  /** Everything that clients and operators were told, for whoever looks for secrets in it. */
  readonly told: string[] = []
  readonly #terminals: Terminal[] = []

  private constructor(bench: Bench) {
    this.bench = bench
  }

  /** A bench with a state directory. */
  static async make(options: AccountsBenchOptions = {}): Promise<AccountsBench> {
    const made = AccountsBench.empty(options)
    const { code, stderr } = await cli('init', ...made.bench.options)
    if (code !== 0) throw new Error(stderr)
    return made
  }

  /** A bench whose state directory somebody else makes. */
  static empty({
    boards = [stockBoard()],
    accounts = {},
    rest = {},
  }: AccountsBenchOptions = {}): AccountsBench {
    const names = boards.map((_, index) => `board${index}`)
    const bench = new Bench(
      (ports) =>
        stringify({
          ...{ server: { listen: '127.0.0.1:0' }, admin: { listen: '127.0.0.1:0' } },
          devices: Object.fromEntries(names.map((name, at) => [name, { kind: 'tezio', port: ports[at] }])),
          policy: {
            signing_keys: {
              [ADDRESS.tz1]: { devices: ['board0'], allowed_ops: [0x03] },
              [ADDRESS.tz3]: { devices: ['board0'], allowed_ops: [0x11, 0x12, 0x13] },
            },
          },
          high_water_marks: { level: { 0x11: 0, 0x12: 0, 0x13: 0 } },
          accounts: {
            ...{ vault: { devices: names }, sign: ['message', 'typed_data', 'transaction'], chains: [1] },
            ...{ max_fee_wei: String(10n ** 16n), max_wei: String(10n ** 18n) },
            ...accounts,
          },
          ...rest,
        }),
      ...(boards as readonly [SimulatedTezio]),
    )
    return new AccountsBench(bench)
  }

  /** A daemon that has found its boards. */
  async started(): Promise<{ readonly daemon: Daemon; readonly url: string }> {
    const daemon = this.bench.startConfigured()
    const boards = this.bench.boards.length
    await daemon.until((lines) => lines.filter(({ event }) => event === 'device.ready').length >= boards)
    return { daemon, url: await daemon.url() }
  }

  /** Runs a program at a terminal, with a person who types slowly enough. */
  async types(
    command: readonly string[],
    ...answers: readonly (readonly [prompt: string, text: string])[]
  ): Promise<Terminal> {
    const terminal = new Terminal([process.execPath, PROGRAM, ...command, ...this.bench.options], ROOT)
    this.#terminals.push(terminal)
    for (const [prompt, text] of answers) {
      await terminal.shows(prompt)
      const shownAt = performance.now()
      terminal.type(text)
      while (performance.now() - shownAt < SLOW_MS) await new Promise((resolve) => setImmediate(resolve))
      terminal.type('\r')
    }
    return terminal
  }

  /** A command of `accounts` at a terminal, to its end. */
  async operator(
    command: readonly string[],
    ...answers: readonly (readonly [prompt: string, text: string])[]
  ): Promise<{ readonly code: number; readonly text: string }> {
    const terminal = await this.types(['accounts', ...command], ...answers)
    return { code: await terminal.exit, text: terminal.text }
  }

  /** Makes the vault at a terminal, and resolves with the 24 words that are shown. */
  async createVault(...options: readonly string[]): Promise<string> {
    const made = await this.operator(
      ['vault', 'create', ...options],
      ['New passphrase for the vault: ', SECRET],
      ['Once more: ', SECRET],
    )
    const words = wordsIn(made.text)
    if (made.code !== 0 || words.split(' ').length !== 24) throw new Error(made.text)
    return words
  }

  /** What the daemon says to an action of the command line: its outcome, or the code of its refusal. */
  async asks(action: string, secret = '', query: Readonly<Record<string, string>> = {}): Promise<string> {
    try {
      const said = await askAccounts(this.bench.stateDir, action, query, Buffer.from(secret))
      return (said as { outcome: string }).outcome
    } catch (error) {
      return String(error instanceof Error ? error.message : error).split(':')[0] ?? ''
    }
  }

  /** The ways to open the vault. */
  async slots(): Promise<readonly Slot[]> {
    const said = await askAccounts(this.bench.stateDir, 'vault-slots')
    return (said as { slots: readonly Slot[] }).slots
  }

  /** Every account as the daemon lists it. */
  async list(): Promise<readonly { readonly address: string; readonly custody: string }[]> {
    const said = await askAccounts(this.bench.stateDir, 'list')
    return (said as { accounts: readonly { address: string; custody: string }[] }).accounts
  }

  /** How many creations in a token are not known to have ended. */
  async pending(): Promise<number> {
    return ((await askAccounts(this.bench.stateDir, 'status')) as { pending: number }).pending
  }

  /** Makes an API key, and resolves with its text and its id. */
  async apiKey(
    scopes: readonly Scope[] = ['accounts:create', 'accounts:read', 'accounts:sign'],
    perMinute = 100_000,
  ): Promise<{ readonly text: string; readonly id: string }> {
    const wanted = scopes.flatMap((scope) => ['--scope', scope])
    const args = ['accounts', 'api-key', 'create', ...wanted, '--per-minute', String(perMinute), '--json']
    const { stdout, stderr } = await cli(...args, ...this.bench.options)
    if (stdout === '') throw new Error(stderr)
    const { text, key } = JSON.parse(stdout) as { text: string; key: { id: string } }
    return { text, id: key.id }
  }

  /** A client with an API key. */
  client(url: string, apiKey: string): Client {
    return new Client(url, apiKey, this.told)
  }

  /** The id of the vault, out of the journal. */
  get vaultId(): Uint8Array {
    const journal = readFileSync(join(this.bench.stateDir, 'accounts.journal'), 'utf8')
    return Buffer.from(/"vaultId":"([0-9a-f]{32})"/.exec(journal)?.[1] ?? '', 'hex')
  }

  async close(): Promise<void> {
    for (const terminal of this.#terminals) await terminal.close()
    await this.bench.close()
  }
}

/** Somebody with an API key. */
export class Client {
  readonly #url: string
  readonly #apiKey: string
  readonly #told: string[]

  constructor(url: string, apiKey: string, told: string[] = []) {
    this.#url = `${url}/v1/accounts`
    this.#apiKey = apiKey
    this.#told = told
  }

  create(custody?: string, headers: Record<string, string> = {}): Promise<EthAnswer> {
    return this.#noted(post(this.#url, custody === undefined ? {} : { custody }, this.#with(headers)))
  }

  async get(address: string): Promise<EthAnswer> {
    const answer = await fetch(`${this.#url}/${address}`, { headers: this.#with() })
    const body = (await answer.json()) as Record<string, unknown>
    return this.#noted(Promise.resolve({ status: answer.status, body }))
  }

  sign(address: string, request: unknown): Promise<EthAnswer> {
    return this.#noted(post(`${this.#url}/${address}/sign`, request, this.#with()))
  }

  /** Whether the account signs a message and ethers says that it was this account. */
  async isUsable(address: string): Promise<boolean> {
    const message = `to ${address}`
    const { status, body } = await this.sign(address, { type: 'message', message })
    return status === 200 && verifyMessage(message, String(body['signature'])) === address
  }

  #with(headers: Record<string, string> = {}): Record<string, string> {
    return { authorization: `Bearer ${this.#apiKey}`, ...headers }
  }

  async #noted(asked: Promise<EthAnswer>): Promise<EthAnswer> {
    const answer = await asked
    this.#told.push(JSON.stringify(answer))
    return answer
  }
}

/** The words of a recovery slot, as a command shows them. */
export function wordsIn(text: string): string {
  return [...text.matchAll(/\d+\. ([a-z]+)/g)].map(([, word = '']) => word).join(' ')
}
