import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createSimulatedTezio, type LatencyName } from '../../hw-sim/index.js'
import { encodeCommand, getPublicKey, sign as signCommand } from '../../src/device/tezio/index.js'
import { decodeSignature, equalBytes, payloadDigest, verifySignature } from '../../src/tezos/index.js'
import { transcriptKeys } from '../device/support.js'
import { ADDRESS, BAKING_CONFIG, Bench, sign, type Answer, type Daemon } from '../e2e/daemon.js'
import { readRecord, recorded, type Doom } from './kill-points.js'
import { markAt } from './left-journal.js'
import { wantedOf, type Place, type Which } from './place.js'
import { PromiseJudge } from './promise.js'

/** Longer than any answer may take, on a busy machine too: a hang is a failure of its own. */
const ANSWER_LIMIT_MS = 15_000
const ALIAS = 3

/** What a killed daemon left. */
export type Remains = {
  readonly journal: Uint8Array
  /** The journal's size at its last sync. */
  readonly syncedBytes: number
  /** The point at which the daemon killed itself. */
  readonly reached: string | undefined
  /** What the client was told, if it was told anything. */
  readonly answer: Answer | undefined
}

/**
 * A simulated board, a state directory, and one daemon after the other, each of them killed. The board's log is judged
 * all the time; what a daemon may answer is worked out from what the one before it left on the disk and on the board.
 */
export class CrashBench {
  readonly judge = new PromiseJudge()
  readonly #bench: Bench
  readonly #keys = transcriptKeys()
  #daemon: Daemon | undefined
  #url = ''
  #daemons = 0
  #doom: Doom | undefined
  /** The board's exchanges before this one came before its last restart. */
  #bootedAt = 0
  /** What arrived at the board since the last request that was not to be answered. */
  #received: Uint8Array[] = []
  /** Signatures that were ever answered, by payload. */
  readonly #answered = new Map<Uint8Array, string>()

  private constructor(latency: LatencyName) {
    const board = createSimulatedTezio({ keys: transcriptKeys(), latency, logSize: 20_000 })
    this.#bench = new Bench(BAKING_CONFIG, board)
    board.onBytes((direction, bytes) => {
      if (direction === 'in') this.#received.push(bytes)
    })
  }

  /** A bench with a seeded state directory. */
  static async make(latency: LatencyName = 'zero'): Promise<CrashBench> {
    const bench = new CrashBench(latency)
    const { code, stderr } = await bench.#bench.init()
    if (code !== 0) throw new Error(`init: ${stderr}`)
    return bench
  }

  /** The next daemon, once it has found the board. */
  async start(doom?: Doom): Promise<void> {
    this.#daemons += 1
    this.#doom = doom
    const daemon = this.#bench.launch(recorded(this.#record, doom))
    this.#daemon = daemon
    const told = () => `a daemon is not ready; it said ${JSON.stringify(daemon.lines)} ${daemon.stderr}`
    this.#url = await inTime(daemon.url(), told)
    await inTime(daemon.line('device.ready'), told)
  }

  /** Asks the daemon for a payload that it will not survive: it kills itself, or is killed after `killAfterMs`. */
  async crash(place: Place, which: Which, killAfterMs?: number): Promise<Remains> {
    const daemon = this.#running
    this.#received = []
    const answering = sign(this.#url, ADDRESS.tz3, place.payloads[which]).catch(() => undefined)
    if (killAfterMs !== undefined) {
      await passing(killAfterMs)
      daemon.kill('SIGKILL')
    }
    const how = killAfterMs === undefined ? `at ${this.#doom?.point}` : 'of SIGKILL'
    await inTime(daemon.exit, () => `the daemon did not die ${how}`)
    if (daemon.endedBy !== 'SIGKILL')
      throw new Error(`the daemon ended by ${daemon.endedBy}: ${daemon.stderr}`)
    const answer = await inTime(answering, () => 'a request outlives its daemon')
    if (answer?.signature !== undefined) this.#answered.set(place.payloads[which], answer.signature)
    return { journal: this.journal(), answer, ...readRecord(this.#record) }
  }

  /** Cuts the board's power for a moment: its marks are in RAM. */
  reboot(): void {
    this.#bootedAt = this.#bench.simulated.counters.exchanges
    this.#bench.simulated.reboot()
  }

  /**
   * How much of a SIGN command came to the board between the request and the first command of the next daemon, which
   * must be running: what was written before reaches the board before.
   */
  commandReceived(place: Place, which: Which): 'nothing' | 'half' | 'whole' | 'something else' {
    const bytes = Buffer.concat(this.#received)
    const message = place.payloads[which]
    const command = encodeCommand(signCommand.encode({ alias: ALIAS, message }))
    const first = encodeCommand(getPublicKey.encode({ alias: 0 })).subarray(0, 4) // every daemon's first command
    const isFirst = (from: number) => equalBytes(bytes.subarray(from, from + first.length), first)
    const half = Math.floor(command.length / 2)
    if (isFirst(0)) return 'nothing'
    if (bytes.subarray(0, command.length).equals(command) && isFirst(command.length)) return 'whole'
    return bytes.subarray(0, half).equals(command.subarray(0, half)) && isFirst(half)
      ? 'half'
      : 'something else'
  }

  /** Asks for one of a place's payloads and checks the answer against what the journal and the board hold now. */
  async ask(place: Place, which: Which): Promise<Answer> {
    const payload = place.payloads[which]
    const expected = this.#expected(place, which)
    const commandsBefore = this.#bench.signCommands
    const answer = await inTime(sign(this.#url, ADDRESS.tz3, payload), () => 'a request hangs')
    const asksBoard = this.#bench.signCommands > commandsBefore
    this.judgePromise()
    const told = answer.status === 200 ? 'signature' : `${answer.status} ${answer.code}`
    const due = expected.refusal ?? 'signature'
    if (told !== due) throw new Error(`payload ${which} was answered with ${told} where ${due} is due`)
    if (asksBoard !== expected.asksBoard)
      throw new Error(`payload ${which}: the board was ${asksBoard ? '' : 'not '}asked`)
    if (answer.signature !== undefined) this.#checkSignature(payload, answer.signature, expected.signature)
    return answer
  }

  /** Throws when the board was ever sent two payloads for one place. */
  judgePromise(): void {
    this.judge.read(this.#bench.simulated.log)
    if (this.judge.broken.length > 0)
      throw new Error(`the promise is broken: ${this.judge.broken.join('; ')}`)
  }

  /** The journal's bytes as they are now. */
  journal(): Uint8Array {
    return readFileSync(join(this.#bench.stateDir, 'marks.journal'))
  }

  close(): Promise<void> {
    return this.#bench.close()
  }

  get #running(): Daemon {
    if (this.#daemon === undefined) throw new Error('no daemon was started')
    return this.#daemon
  }

  get #record(): string {
    return join(this.#bench.folder, `record-${this.#daemons}`)
  }

  #expected(place: Place, which: Which) {
    if (this.#answered.has(place.payloads[which])) return { asksBoard: false } // it was stored before it was answered
    const wanted = wantedOf(place, which)
    const mark = markAt(this.journal(), wanted)
    if (mark === undefined) return { asksBoard: true }
    if (mark.digest !== wanted.digest) return { refusal: '409 conflicts-with-mark', asksBoard: false }
    if (mark.signature !== undefined) return { signature: mark.signature, asksBoard: false }
    return this.#boardHolds(place.payloads[which])
      ? { refusal: '409 signature-lost', asksBoard: true }
      : { asksBoard: true }
  }

  /** Whether the board has signed a payload since it was started. */
  #boardHolds(payload: Uint8Array): boolean {
    return this.#bench.simulated.log.some(
      ({ number, name, outcome, command }) =>
        number > this.#bootedAt &&
        name === 'SIGN' &&
        outcome.kind === 'value' &&
        command?.data !== undefined &&
        equalBytes(command.data, payload),
    )
  }

  #checkSignature(payload: Uint8Array, text: string, stored: string | undefined): void {
    const { publicKey } = this.#keys.p256
    const signature = decodeSignature(publicKey.curve, text)
    if (signature === undefined || !verifySignature(publicKey, payloadDigest(payload), signature))
      throw new Error('the signature is none')
    if (stored !== undefined && Buffer.from(signature).toString('hex') !== stored)
      throw new Error('the answer is not the signature that was stored')
    const before = this.#answered.get(payload)
    if (before !== undefined && before !== text) throw new Error('one payload got two signatures')
    this.#answered.set(payload, text)
  }
}

/** Lets everything of this process happen until `ms` have passed; finer than a timer. */
async function passing(ms: number): Promise<void> {
  const until = performance.now() + ms
  while (performance.now() < until) await new Promise(setImmediate)
}

async function inTime<Value>(promise: Promise<Value>, what: () => string): Promise<Value> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new Error(what()))
    }, ANSWER_LIMIT_MS)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}
