import fs from 'node:fs'
import { join } from 'node:path'
import type { StateFiles } from '../../src/policy/index.js'
import { aroundFiles, filesIn, systemError, type Operation } from './fixture.js'

/** What happens at an operation: it fails, or the process dies, before it, halfway or behind it. */
export type Incident = {
  /** How many operations come before it, from 0. */
  readonly at: number
  /** `short`: a write takes only a part and says so; it does not fail, and anything but a write is as usual. */
  readonly when: 'before' | 'halfway' | 'behind' | 'short'
  /**
   * Whether the process goes on, or goes on with a disk that takes nothing any more until `restart`, or is dead, so
   * that nothing it asks for is done.
   */
  readonly then: 'goes-on' | 'stays' | 'dies'
  readonly code: string
}

/** Operations that do nothing to a disk. */
const READING: readonly Operation[] = ['fstatSync', 'statSync', 'readFileSync', 'readdirSync']

type Gap = { readonly from: number; readonly to: number }

/**
 * The files of one real directory on a disk that keeps only what it must: a file's bytes as they were at its last
 * sync, and a directory's names as they were at theirs. A sync that failed loses the bytes it was for, although
 * they can still be read, and later syncs do not bring them back, as on Linux. Nothing is really synced.
 */
export class SimulatedDisk {
  readonly #directory: string
  readonly #bytes = new Map<number, Buffer>()
  readonly #gaps = new Map<number, readonly Gap[]>()
  /** A descriptor for every file there ever was, so that no inode number is given to another one. */
  readonly #keepers = new Map<number, number>()
  #names = new Map<string, number>()
  #incident: Incident | undefined
  #isDead = false
  #stays: string | undefined
  /** Operations since the last plan, without those that close a file. */
  operations = 0
  /** Their names, in order. */
  trace: Operation[] = []

  readonly files: StateFiles = aroundFiles((operation, call, args) => this.#run(operation, call, args))

  constructor(directory: string) {
    this.#directory = directory
  }

  /** Plans one incident from now on. */
  plan(incident: Incident): void {
    this.operations = 0
    this.trace = []
    this.#incident = incident
  }

  /** Whether the planned incident was the death of the process. */
  get isDead(): boolean {
    return this.#isDead
  }

  /** No incident any more, perhaps for another process: what was written is there, whether it was synced or not. */
  restart(): void {
    this.#incident = undefined
    this.#isDead = false
    this.#stays = undefined
  }

  /** All that was not synced is lost. */
  cutPower(): void {
    const kept = [...this.#names].map(([name, inode]) => [name, this.#bytes.get(inode)] as const)
    for (const name of filesIn(this.#directory)) fs.unlinkSync(join(this.#directory, name))
    for (const [name, bytes] of kept) fs.writeFileSync(join(this.#directory, name), bytes ?? Buffer.alloc(0))
    this.close()
    this.#names = this.#namesNow()
    for (const [name, inode] of this.#names) {
      const path = join(this.#directory, name)
      this.#bytes.set(inode, fs.readFileSync(path))
      this.#keepers.set(inode, fs.openSync(path, 'r'))
    }
    this.restart()
  }

  /** Forgets everything and gives the descriptors back. */
  close(): void {
    for (const fd of this.#keepers.values()) fs.closeSync(fd)
    this.#keepers.clear()
    this.#bytes.clear()
    this.#gaps.clear()
  }

  #run(operation: Operation, call: () => unknown, args: readonly unknown[]): unknown {
    if (operation === 'closeSync') return call() // the system closes what a dead process had open
    this.trace.push(operation)
    const incident = this.operations++ === this.#incident?.at ? this.#incident : undefined
    if (this.#isDead) throw systemError('EDEAD')
    if (this.#stays !== undefined && changes(operation, args)) throw systemError(this.#stays)
    if (incident === undefined) return this.#perform(operation, call, args)
    if (incident.when === 'short') {
      return operation === 'writeSync' ? shortWrite(args) : this.#perform(operation, call, args)
    }
    this.#isDead = incident.then === 'dies'
    if (incident.then === 'stays') this.#stays = incident.code
    if (incident.when === 'halfway' && operation === 'writeSync') shortWrite(args)
    if (incident.when === 'behind') this.#perform(operation, call, args)
    else if (isSync(operation) && incident.then !== 'dies') this.#loseUnsynced(args[0] as number)
    throw systemError(incident.code)
  }

  #perform(operation: Operation, call: () => unknown, args: readonly unknown[]): unknown {
    if (operation === 'openSync') return this.#opened(call() as number, args)
    if (!isSync(operation)) return call()
    const { ino, isDirectory } = this.#statOf(args[0] as number)
    if (isDirectory) this.#names = this.#namesNow()
    else this.#bytes.set(ino, this.#bytesOf(ino))
    return undefined
  }

  #opened(fd: number, [path, flags]: readonly unknown[]): number {
    const { ino, isDirectory } = this.#statOf(fd)
    if (!isDirectory && !this.#keepers.has(ino)) this.#keepers.set(ino, fs.openSync(path as string, 'r'))
    if (flags === 'w') this.#gaps.delete(ino) // what is written from now on is new
    return fd
  }

  #loseUnsynced(fd: number): void {
    const { ino, isDirectory, size } = this.#statOf(fd)
    if (isDirectory) return
    const gap = { from: this.#bytes.get(ino)?.length ?? 0, to: size }
    this.#gaps.set(ino, [...(this.#gaps.get(ino) ?? []), gap])
  }

  #statOf(fd: number) {
    const stat = fs.fstatSync(fd)
    return { ino: stat.ino, isDirectory: stat.isDirectory(), size: stat.size }
  }

  /** What the disk has of a file when it is synced now. */
  #bytesOf(inode: number): Buffer {
    const keeper = this.#keepers.get(inode) ?? -1
    const bytes = Buffer.alloc(fs.fstatSync(keeper).size)
    fs.readSync(keeper, bytes, 0, bytes.length, 0)
    for (const { from, to } of this.#gaps.get(inode) ?? []) bytes.fill(0, from, to)
    return bytes
  }

  #namesNow(): Map<string, number> {
    return new Map(
      filesIn(this.#directory).map((name) => [name, fs.statSync(join(this.#directory, name)).ino]),
    )
  }
}

/** Writes the first half; how much that was. */
function shortWrite(args: readonly unknown[]): number {
  const [fd, bytes, from, size] = args as [number, Uint8Array, number, number]
  return fs.writeSync(fd, bytes, from, Math.floor(size / 2))
}

/** Whether an operation wants to change something; opening counts when it is for writing. */
function changes(operation: Operation, [, flags]: readonly unknown[]): boolean {
  if (operation === 'openSync') return flags !== 'r' && flags !== fs.constants.O_RDONLY
  return !READING.includes(operation)
}

function isSync(operation: Operation): boolean {
  return operation === 'fdatasyncSync' || operation === 'fsyncSync'
}
