import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished } from 'vitest'
import {
  createSimulatedTezio,
  FaultRack,
  type LatencyModel,
  type LatencyName,
  type SimulatedTezio,
} from '../../hw-sim/index.js'
import { PromiseJudge } from '../crash/promise.js'
import { transcriptKeys } from '../device/support.js'
import { ADDRESS, Bench, sign, type Answer, type BoardPort, type Daemon, type LogLine } from './daemon.js'

/** A board of a bench, and what can be done to it. */
export type SpareBoard = BoardPort & {
  readonly name: string
  readonly rack: FaultRack
  /** How many SIGN commands reached it. */
  readonly signs: () => number
}

export type SparesOptions = {
  readonly names?: readonly string[]
  readonly latency?: LatencyName | LatencyModel
  /** The boards; without them boards with the same keys. */
  readonly simulated?: readonly SimulatedTezio[]
  /** Which boards hold which key, in order; without it all boards hold the tz3 key. */
  readonly keys?: Readonly<Record<string, readonly string[]>>
  /** Further sections of the configuration. */
  readonly sections?: string
  /** Further lines of each board's section. */
  readonly boardLines?: string
  readonly returnAfterS?: number
}

/** What a signature took, beside its answer. */
export type Timed = Answer & { readonly ms: number }

/** A real daemon on several boards. */
export class SparesBench {
  readonly bench: Bench
  readonly boards: readonly SpareBoard[]
  readonly daemon: Daemon
  readonly url: string
  #level = 0

  private constructor(bench: Bench, boards: readonly SpareBoard[], daemon: Daemon, url: string) {
    this.bench = bench
    this.boards = boards
    this.daemon = daemon
    this.url = url
  }

  /** A bench that lives as long as the test; at its end both boards' logs are judged. */
  static async ofThisTest(options: SparesOptions = {}): Promise<SparesBench> {
    const { names = ['left', 'right'], latency = 'zero' } = options
    const simulated =
      options.simulated ?? names.map(() => createSimulatedTezio({ keys: transcriptKeys(), latency }))
    const bench = new Bench((ports) => configuration(names, ports, options), ...simulated)
    onTestFinished(() => bench.close())
    expect(await bench.init()).toMatchObject({ code: 0, stderr: '' })
    const daemon = bench.startConfigured()
    const url = await daemon.url()
    const boards = bench.boards.map((board, index) => ({
      ...board,
      name: names[index] ?? '',
      rack: new FaultRack({ device: board.simulated, port: board.port }),
      signs: () => board.simulated.log.filter(({ name }) => name === 'SIGN').length,
    }))
    return new SparesBench(bench, boards, daemon, url)
  }

  /** Resolves when these boards were found, each since line `from`. */
  async ready(names: readonly string[] = this.boards.map(({ name }) => name), from = 0): Promise<void> {
    await this.daemon.until((lines) => {
      const found = lines.slice(from).filter(({ event }) => event === 'device.ready')
      return names.every((name) => found.some((line) => line['device'] === name))
    })
  }

  board(name: string): SpareBoard {
    const found = this.boards.find((board) => board.name === name)
    if (found === undefined) throw new Error(`no board is called ${name}`)
    return found
  }

  /** One request; a vote at the next level where no payload is given. */
  async sign(payload: Uint8Array, key: string = ADDRESS.tz3): Promise<Timed> {
    const startedAt = performance.now()
    const answer = await sign(this.url, key, payload)
    return { ...answer, ms: performance.now() - startedAt }
  }

  nextLevel(): number {
    this.#level += 1
    return this.#level
  }

  /** Lines of an event from index `from` on. */
  lines(event: string, from = 0): readonly LogLine[] {
    return this.daemon.lines.slice(from).filter((line) => line.event === event)
  }

  /** The line of the decision of a level; waits for it. */
  async decision(level: number, outcome: string): Promise<LogLine> {
    const is = (line: LogLine) =>
      line.event === 'signature.decided' && line['level'] === level && line['outcome'] === outcome
    await this.daemon.until((lines) => lines.some(is))
    return this.daemon.lines.find(is)!
  }

  get journal(): readonly string[] {
    return readFileSync(join(this.bench.stateDir, 'marks.journal'), 'utf8').trimEnd().split('\n')
  }

  /** No two payloads went to any of the boards for one place, and no two to two boards. */
  expectPromise(): void {
    const all = new PromiseJudge()
    const exchanges = this.boards.flatMap(({ simulated }) =>
      simulated.log.filter(({ name }) => name === 'SIGN'),
    )
    all.read(exchanges.map((exchange, index) => ({ ...exchange, number: index + 1 })))
    expect(all.broken).toEqual([])
    expect(all.places).toBeGreaterThan(0)
  }
}

function configuration(
  names: readonly string[],
  ports: readonly string[],
  { keys = { [ADDRESS.tz3]: names }, sections = '', boardLines = '', returnAfterS = 60 }: SparesOptions,
): string {
  const boards = names.map(
    (name, index) => `  ${name}: { kind: tezio, port: '${ports[index] ?? ''}'${boardLines} }`,
  )
  const signing = Object.entries(keys).map(
    ([key, held]) => `    ${key}: { allowed_ops: [0x03, 0x11, 0x12, 0x13], devices: [${held.join(', ')}] }`,
  )
  return [
    'server: { listen: "127.0.0.1:0" }',
    'admin: { listen: "127.0.0.1:0" }',
    'high_water_marks: { level: { 0x11: 0, 0x12: 0, 0x13: 0 } }',
    `failover: { return_after_s: ${returnAfterS} }`,
    'devices:',
    ...boards,
    'policy:',
    '  signing_keys:',
    ...signing,
    sections,
  ].join('\n')
}
