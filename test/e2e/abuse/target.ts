import { readFileSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { onTestFinished, expect } from 'vitest'
import { decodeSignature, payloadDigest, verifySignature } from '../../../src/tezos/index.js'
import { transcriptKeys } from '../../device/support.js'
import { attestation, checkedAnswer, octezBody, outcome, type Answer } from '../../server/fixture.js'
import { exchange } from '../../server/raw-client.js'
import { ADDRESS, BAKING_CONFIG, Bench, type Daemon } from '../daemon.js'

/** What a client asks, whoever carries it. */
export type Asked = {
  readonly path: string
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array
}

type Carrier = (target: Target, asked: Asked) => Promise<Answer>

/** A request over a connection of its own, byte for byte. */
const overRawSocket: Carrier = ({ port }, { path, method = 'POST', headers = {}, body }) => {
  const bytes = Buffer.from(body ?? '')
  const all = { host: 'localhost', 'content-length': `${bytes.length}`, ...headers }
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`)
  return exchange(
    port,
    Buffer.concat([Buffer.from(`${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n`), bytes]),
  )
}

/** The same by an ordinary client. */
const byFetch: Carrier = async ({ url }, { path, method = 'POST', headers = {}, body }) => {
  // As bytes: of a text, `fetch` would say that it is text/plain.
  const bytes = typeof body === 'string' ? new TextEncoder().encode(body) : body
  const response = await fetch(`${url}${path}`, {
    method,
    headers,
    ...(bytes === undefined ? {} : { body: bytes }),
  })
  return checkedAnswer(response.status, response.headers, await response.text())
}

export const CARRIERS: readonly (readonly [name: string, carrier: Carrier])[] = [
  ['a raw socket', overRawSocket],
  ['fetch', byFetch],
]

/** How long the programs may take to start on a machine that is busy with other tests, in ms. */
export const START_MS = 60_000

/** A real daemon with a simulated board, to be thrown things at. */
export class Target {
  readonly bench: Bench
  readonly daemon: Daemon
  readonly url: string
  /** The level of the last honest attestation. */
  honestLevel = 0

  private constructor(bench: Bench, daemon: Daemon, url: string) {
    this.bench = bench
    this.daemon = daemon
    this.url = url
  }

  static async start(...options: ConstructorParameters<typeof Bench>): Promise<Target> {
    const bench = new Bench(...options)
    expect(await bench.init()).toMatchObject({ code: 0, stderr: '' })
    const daemon = await bench.started()
    return new Target(bench, daemon, await daemon.url())
  }

  get port(): number {
    return Number(new URL(this.url).port)
  }

  /** The journal's lines: there is one more with every mark and every stored signature. */
  get journal(): readonly string[] {
    return readFileSync(join(this.bench.stateDir, 'marks.journal'), 'utf8').trimEnd().split('\n')
  }

  /** Whether the abuse leaves alone what it must: no byte goes to the board, no mark is raised, and no fault logged. */
  async untouchedBy<Result>(abuse: () => Promise<Result>): Promise<Result> {
    const look = () => ({
      bytesToBoard: this.bench.simulated.counters.bytesIn,
      lines: this.journal.length,
      last: this.journal.at(-1),
      faults: this.faults,
    })
    const before = look()
    const result = await abuse()
    expect(look()).toEqual(before)
    return result
  }

  /** Lines about things that never should happen. */
  get faults(): readonly unknown[] {
    return this.daemon.lines.filter(({ event }) => event === 'request.failed')
  }

  /** An honest baker's next attestation, over a new connection, is signed: in so many ms. */
  async signsHonestly(query: (payload: Uint8Array) => string = () => 'version=3'): Promise<number> {
    this.honestLevel += 1
    const payload = attestation({ level: this.honestLevel, seed: 0xee })
    const startedAt = performance.now()
    const { status, body } = await ask(
      this.port,
      `/keys/${ADDRESS.tz3}?${query(payload)}`,
      octezBody(payload),
    )
    const ms = performance.now() - startedAt
    expect([status, body]).toEqual([200, { signature: expect.stringMatching(/^p2sig/) as string }])
    const { signature } = body as { readonly signature: string }
    const isValid = verifySignature(BAKING_KEY, payloadDigest(payload), decodeSignature('p256', signature)!)
    expect(isValid).toBe(true)
    return ms
  }

  /** Resolves when the daemon has read what was sent before, and answered what came after it. */
  async settles(): Promise<void> {
    for (let turn = 0; turn < 3; turn += 1) {
      expect(outcome(await overRawSocket(this, { path: '/', method: 'GET' }))).toBe('200')
    }
  }

  close(): Promise<void> {
    return this.bench.close()
  }
}

const BAKING_KEY = transcriptKeys().p256.publicKey

/** A target that lives as long as the test. */
export async function targetOfThisTest(config = BAKING_CONFIG): Promise<Target> {
  const target = await Target.start(config)
  onTestFinished(() => target.close())
  return target
}

function ask(
  port: number,
  path: string,
  body: string,
): Promise<{ status: number | undefined; body: unknown }> {
  const headers = { 'content-type': 'application/json', host: `localhost:${port}` }
  return new Promise((resolve, reject) => {
    const asked = request(
      { host: '127.0.0.1', port, path, method: 'POST', headers, agent: false },
      (response) => {
        let text = ''
        response.setEncoding('utf8')
        response.on('data', (part: string) => (text += part))
        response.on('end', () => {
          resolve({ status: response.statusCode, body: JSON.parse(text) as unknown })
        })
      },
    )
    asked.on('error', reject)
    asked.end(body)
  })
}
