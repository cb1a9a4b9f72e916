import { OPCODE } from '../../src/device/tezio/index.js'
import { payloadDigest, toHex } from '../../src/tezos/index.js'
import type { SystemCall } from './strace.js'

/** The system calls that the judge looks at: whatever opens, duplicates, writes, syncs or renames a file. */
export const JUDGED_CALLS = [
  ...['open', 'openat', 'openat2', 'creat', 'close', 'dup', 'dup2', 'dup3', 'fcntl'],
  ...['write', 'writev', 'pwrite64', 'pwritev', 'pwritev2', 'sendfile', 'splice', 'io_uring_enter'],
  ...['fsync', 'fdatasync', 'rename', 'renameat', 'renameat2'],
] as const

/** Where the journal, its directory and the port are, as the traced program names them. */
export type JudgedPaths = { readonly directory: string; readonly journal: string; readonly port: string }

/** What a trace shows: how many signatures the board was asked for, and every step that was out of order. */
export type WriteOrder = {
  readonly signatures: number
  readonly marks: number
  readonly faults: readonly string[]
}

/** Begin of a SIGN command before its message: prefix, length, opcode, parameters; its CRC ends it. */
const SIGN_HEAD = 8
const CRC = 2

/**
 * Judges the order of a daemon's writes and syncs. For every SIGN on the port the mark of that very payload must have
 * been written to the journal and synced before, and between a mark's write and the end of its sync nothing at all may
 * be written to the port. A journal counts as synced when it was written as a new file, synced, renamed into its place,
 * and its directory synced, in this order, before it was opened for appending.
 */
export function judgeWriteOrder(calls: readonly SystemCall[], paths: JudgedPaths): WriteOrder {
  const judge = new Judge(paths)
  const steps = calls.flatMap((call) => [
    {
      line: call.beganAt,
      order: 0,
      take: () => {
        judge.begins(call)
      },
    },
    {
      line: call.endedAt,
      order: 1,
      take: () => {
        judge.ends(call)
      },
    },
  ])
  for (const { take } of steps.sort((a, b) => a.line - b.line || a.order - b.order)) take()
  return judge
}

class Judge implements WriteOrder {
  readonly faults: string[] = []
  signatures = 0
  marks = 0
  readonly #paths: JudgedPaths
  /** What every open descriptor was opened as. */
  readonly #opened = new Map<number, string>()
  /** Digests of the marks that would survive a power cut. */
  readonly #durable = new Set<string>()
  /** Digests that were written to a file and not synced there. */
  readonly #unsynced = new Map<string, Set<string>>()
  /** How far a new journal has come into the old one's place. */
  #replacing: 'nothing' | 'synced' | 'renamed' | 'done' = 'nothing'
  #renamedDigests: readonly string[] = []
  /** Syncs under way: what they were called for, and what had been written then. */
  readonly #syncing = new Map<SystemCall, readonly string[]>()

  constructor(paths: JudgedPaths) {
    this.#paths = paths
  }

  begins(call: SystemCall): void {
    const path = this.#pathOf(call)
    if (isWrite(call) && path === this.#paths.port) this.#writesToPort(call)
    if (isWrite(call) && this.#isJournal(path)) this.#writesMarks(call, path)
    if (isSync(call)) this.#syncing.set(call, [...this.#unsyncedIn(path)])
    if (call.name === 'io_uring_enter') this.#fault(call, 'io_uring hides what is written')
  }

  ends(call: SystemCall): void {
    const { name, result = -1 } = call
    if (isSync(call) && result === 0) this.#synced(call)
    if (name.startsWith('rename') && result === 0) this.#renamed(call)
    if (name.startsWith('open') && result >= 0) this.#openedFile(call, result)
    if (isDuplicate(call) && result >= 0) this.#opened.set(result, this.#pathOf(call) ?? '')
    if (name === 'close') this.#opened.delete(Number(call.args[0]))
  }

  #writesToPort(call: SystemCall): void {
    if (this.#unsyncedIn(this.#paths.journal).size > 0)
      this.#fault(call, 'the port is written to while a mark is not synced')
    const bytes = call.args.find((arg) => arg instanceof Uint8Array)
    if (bytes?.[3] !== OPCODE.sign) return
    this.signatures += 1
    const digest = toHex(payloadDigest(bytes.subarray(SIGN_HEAD, -CRC)))
    if (!this.#durable.has(digest))
      this.#fault(call, `SIGN for ${digest.slice(0, 8)}, whose mark is not synced`)
  }

  #writesMarks(call: SystemCall, path: string): void {
    if (path === this.#newPath) this.#replacing = 'nothing'
    const text = call.args
      .map((arg) => (arg instanceof Uint8Array ? Buffer.from(arg).toString() : ''))
      .join('')
    for (const line of text.split('\n')) {
      const digest = /"type":"mark".*"digest":"([0-9a-f]{64})"/.exec(line)?.[1]
      if (digest === undefined) continue
      if (path === this.#paths.journal) this.marks += 1
      this.#unsynced.set(path, this.#unsyncedIn(path).add(digest))
    }
  }

  #synced(call: SystemCall): void {
    const path = this.#pathOf(call)
    const digests = this.#syncing.get(call) ?? []
    if (path === this.#paths.journal) for (const digest of digests) this.#durable.add(digest)
    for (const digest of digests) this.#unsyncedIn(path).delete(digest)
    if (path === this.#newPath) {
      this.#replacing = 'synced'
      this.#renamedDigests = digests
    }
    if (path === this.#paths.directory && this.#replacing === 'renamed') this.#replacing = 'done'
  }

  #renamed(call: SystemCall): void {
    const names = call.args.flatMap((arg) => (arg instanceof Uint8Array ? [Buffer.from(arg).toString()] : []))
    if (names.at(-1) !== this.#paths.journal) return
    if (this.#replacing !== 'synced')
      this.#fault(call, 'the journal is replaced by a file that is not synced')
    this.#replacing = 'renamed'
  }

  #openedFile(call: SystemCall, fd: number): void {
    const path = call.args.find((arg) => arg instanceof Uint8Array)
    const name = path === undefined ? '' : Buffer.from(path).toString()
    this.#opened.set(fd, name)
    const isAppending = call.args.some((arg) => typeof arg === 'string' && arg.includes('O_APPEND'))
    if (name !== this.#paths.journal || !isAppending) return
    if (this.#replacing !== 'done') this.#fault(call, 'the journal is opened before it is in place, durably')
    for (const digest of this.#renamedDigests) this.#durable.add(digest)
    this.#replacing = 'nothing'
  }

  get #newPath(): string {
    return `${this.#paths.journal}.new`
  }

  #isJournal(path: string | undefined): path is string {
    return path === this.#paths.journal || path === this.#newPath
  }

  #unsyncedIn(path: string | undefined): Set<string> {
    return this.#unsynced.get(path ?? '') ?? new Set<string>()
  }

  /** What the descriptor that a call is about was opened as. */
  #pathOf({ args }: SystemCall): string | undefined {
    return this.#opened.get(Number(args[0]))
  }

  #fault({ beganAt, name }: SystemCall, what: string): void {
    this.faults.push(`line ${beganAt + 1}, ${name}: ${what}`)
  }
}

function isWrite({ name }: SystemCall): boolean {
  return ['write', 'writev', 'pwrite64', 'pwritev', 'pwritev2', 'sendfile', 'splice'].includes(name)
}

function isSync({ name }: SystemCall): boolean {
  return name === 'fsync' || name === 'fdatasync'
}

function isDuplicate({ name, args }: SystemCall): boolean {
  return name.startsWith('dup') || (name === 'fcntl' && String(args[1]).startsWith('F_DUPFD'))
}
