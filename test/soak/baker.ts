import { setTimeout as passing } from 'node:timers/promises'
import { createSimulatedTezio } from '../../hw-sim/index.js'
import { decodeSignature, MARK_KINDS, payloadDigest, verifySignature } from '../../src/tezos/index.js'
import { makePlace, type Place, type Which } from '../crash/place.js'
import { PromiseJudge } from '../crash/promise.js'
import { transcriptKeys } from '../device/support.js'
import { ADDRESS, BAKING_CONFIG, Bench, sign, type Answer, type Daemon } from '../e2e/daemon.js'
import { emptyReport, type BakingReport } from './baking-report.js'
import { planLevel, type PlannedPlace } from './baking-plan.js'
import { Outages } from './outages.js'
import { look } from './soak-judge.js'

/** How long is baked, and how fast. */
export type BakingOptions = {
  readonly seed: number
  readonly levels: number
  /** Time of one level, in ms; 0: as fast as it goes, and after an unplug the baker waits for the board. */
  readonly levelMs: number
  /** There is one unplug in every so many levels. */
  readonly unplugEvery: number
  /** No level begins after this instant of `performance.now()`. */
  readonly endAt?: number
  readonly onProgress?: (report: BakingReport) => void
}

const FIRST_LEVEL = 1_000_000
/** What a request may be answered with while the board is away. */
const OUTAGE_CODES = ['device-unavailable', 'device-lost']
const MAX_FAULTS = 20
const SAMPLE_EVERY = 10
const PROGRESS_EVERY = 1000

/** Bakes: a block, a preattestation and an attestation at every level, through unplugs, repeats and conflicts. */
export async function bake(options: BakingOptions): Promise<BakingReport> {
  const bench = new Bench(BAKING_CONFIG, createSimulatedTezio({ keys: transcriptKeys() }))
  try {
    const { code, stderr } = await bench.init()
    if (code !== 0) throw new Error(`init: ${stderr}`)
    const daemon = await bench.started()
    return await new Baker(options, bench, daemon, await daemon.url()).run()
  } finally {
    await bench.close()
  }
}

class Baker {
  readonly #options: BakingOptions
  readonly #bench: Bench
  readonly #daemon: Daemon
  readonly #url: string
  readonly #outages: Outages
  readonly #judge = new PromiseJudge()
  readonly #publicKey = transcriptKeys().p256.publicKey
  readonly #report = emptyReport()

  constructor(options: BakingOptions, bench: Bench, daemon: Daemon, url: string) {
    this.#options = options
    this.#bench = bench
    this.#daemon = daemon
    this.#url = url
    this.#outages = new Outages(bench.port, daemon)
  }

  async run(): Promise<BakingReport> {
    const { seed, levels, levelMs, unplugEvery, endAt = Infinity, onProgress } = this.#options
    const report = this.#report
    const startedAt = performance.now()
    while (report.levels < levels && performance.now() < endAt) {
      const plan = planLevel(seed, report.levels, unplugEvery)
      this.#outages.level(plan.unplug)
      await Promise.all(
        plan.places.map((planned, index) => this.#bake(planned, MARK_KINDS[index] ?? 'block')),
      )
      report.levels += 1
      this.#look()
      this.#sample()
      if (report.levels % PROGRESS_EVERY === 0) onProgress?.(report)
      if (levelMs === 0) await this.#outages.backIfReplugged()
      else await passing(Math.max(0, startedAt + report.levels * levelMs - performance.now()))
    }
    report.ms = performance.now() - startedAt
    await this.#end()
    return report
  }

  /** Signs for one kind at the present level, and does to it what is planned. */
  async #bake({ round, attack }: PlannedPlace, kind: Place['kind']): Promise<void> {
    const place = makePlace(kind, FIRST_LEVEL + this.#report.levels, round)
    if (attack === 'race') {
      const [first, rival] = await Promise.all([this.#ask(place, 0), this.#ask(place, 1)])
      if (first.isSigned && rival.isSigned) this.#fault(place, 'both payloads were signed')
      if (first.refusal !== undefined && rival.refusal !== undefined) this.#fault(place, 'neither was signed')
      return
    }
    const first = await this.#ask(place, 0)
    if (first.refusal !== undefined) this.#fault(place, first.refusal)
    if (attack === 'repeat') await this.#repeat(place, first)
    if (attack === 'conflict') await this.#conflict(place, first)
  }

  async #repeat(place: Place, first: Asked): Promise<void> {
    const again = await this.#ask(place, 0)
    if (first.isSigned && again.isSigned) this.#report.repeated += 1
    if (again.refusal !== undefined) this.#fault(place, `the same again: ${again.refusal}`)
    if (!first.isSigned) return
    if (!again.isSigned) this.#fault(place, 'a known signature was not given again')
    else if (again.signature !== first.signature) this.#fault(place, 'the same payload got another signature')
  }

  /** Where the first payload was missed, it may have its mark or not; the promise is judged by the board's log. */
  async #conflict(place: Place, first: Asked): Promise<void> {
    const rival = await this.#ask(place, 1)
    if (first.isSigned && rival.isSigned) this.#fault(place, 'a second payload was signed')
  }

  /** Asks, and judges what can be judged of one answer alone. */
  async #ask(place: Place, which: Which): Promise<Asked> {
    const payload = place.payloads[which]
    const { isAway: wasAway, count: outagesBefore } = this.#outages
    const askedAt = performance.now()
    const answer = await sign(this.#url, ADDRESS.tz3, payload)
    this.#report.slowestMs = Math.max(this.#report.slowestMs, performance.now() - askedAt)
    if (answer.signature !== undefined) {
      this.#report.signed += 1
      if (!this.#isSignature(payload, answer.signature)) this.#fault(place, 'the signature is none')
      return { isSigned: true, signature: answer.signature }
    }
    return this.#refused(place, answer, wasAway || this.#outages.count > outagesBefore)
  }

  #refused(place: Place, { status, code }: Answer, isAway: boolean): Asked {
    if (isAway && OUTAGE_CODES.includes(code ?? '')) {
      this.#report.missed += 1
      return { isSigned: false }
    }
    if (code === 'conflicts-with-mark') this.#report.conflicts += 1
    else this.#fault(place, `${status} ${code}${isAway ? ' in an outage' : ''}`)
    return { isSigned: false, refusal: `${status} ${code}` }
  }

  #isSignature(payload: Uint8Array, text: string): boolean {
    const signature = decodeSignature(this.#publicKey.curve, text)
    return signature !== undefined && verifySignature(this.#publicKey, payloadDigest(payload), signature)
  }

  #look(): void {
    const report = this.#report
    this.#judge.read(this.#bench.simulated.log)
    report.places = this.#judge.places
    report.outages = this.#outages.count
    report.longestOutageMs = this.#outages.longestMs
    for (const broken of this.#judge.broken.splice(0)) this.#note(broken)
    if (!this.#outages.isAway) this.#daemon.lines.length = 0 // they are not needed, and there would be millions
  }

  /** While the board is away the daemon has a descriptor less. */
  #sample(): void {
    const isDue = this.#report.levels % SAMPLE_EVERY === 0
    if (isDue && !this.#outages.isAway) this.#report.samples.push(look(this.#daemon.pid))
  }

  async #end(): Promise<void> {
    await this.#outages.end()
    this.#daemon.kill('SIGTERM')
    const code = await this.#daemon.exit
    if (code !== 0) this.#note(`the daemon ended with ${code}`)
    this.#look()
  }

  #fault({ kind, level, round }: Place, what: string): void {
    this.#note(`${kind} ${level}/${round}: ${what}`)
  }

  /** The first faults are enough: a long run must not grow by them. */
  #note(fault: string): void {
    if (this.#report.faults.length < MAX_FAULTS) this.#report.faults.push(fault)
  }
}

/** What became of a request; `refusal` is one that is not explained by an outage. */
type Asked = { readonly isSigned: boolean; readonly signature?: string; readonly refusal?: string }
