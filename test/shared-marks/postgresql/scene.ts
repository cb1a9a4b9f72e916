import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect, onTestFinished } from 'vitest'
import { StateError, type Position } from '../../../src/policy/index.js'
import {
  initSharedMarks,
  migrate,
  PostgresqlTable,
  SharedMarks,
  type SharedMarksEvent,
} from '../../../src/shared-marks/index.js'
import { freshKey } from '../../contract/marks/factory.js'
import { MAINNET, wanted } from '../../policy/fixture.js'
import { PASSWORD, type Cluster } from './cluster.js'

/** What a method has in the tests of faults, in ms, and what this process may take beside it. */
export const TIMEOUT_MS = 1500
const SLACK_MS = 1500
/** Longer than any test. */
export const NEVER_MS = 1_000_000_000

export type SceneOptions = {
  readonly urls?: readonly string[]
  readonly timeoutMs?: number
  readonly passfile?: string
  readonly refreshMs?: number
  readonly clockOffsetMs?: number
}

/** Hosts on a cluster with a key of their own; the schema is there. They are closed when the test ends. */
export async function scene(cluster: Cluster, level = 100) {
  await migrate({ urls: [cluster.url()], passfile: cluster.passfile, timeoutMs: 15_000, host: 'test' })
  const key = freshKey()
  const seed: Position = { chain: MAINNET, key, kind: 'attestation', level, round: 0 }
  const want = (...[at, round, payload, rest]: Parameters<typeof wanted>) =>
    wanted(at, round, payload, { key, ...rest })
  const table = (host: string, options: SceneOptions = {}, events: SharedMarksEvent[] = []) => {
    const { urls = [cluster.url()], timeoutMs = TIMEOUT_MS, passfile = cluster.passfile } = options
    const onEvent = (event: SharedMarksEvent) => void events.push(event)
    const made = new PostgresqlTable({ urls, passfile, timeoutMs, host, onEvent })
    onTestFinished(() => made.close())
    return made
  }
  /** A host with a new journal that begins with what the table has, or with a directory that it had before. */
  const host = async (name: string, options: SceneOptions = {}, before?: string) => {
    const directory = before ?? join(mkdtempSync(join(tmpdir(), 'tezio-host-')), 'state')
    const offset = options.clockOffsetMs ?? 0
    const wallClock = () => new Date(Date.now() + offset)
    const journal = { directory, maxLevelGap: 1000, wallClock }
    if (before === undefined) await initSharedMarks(journal, table(`${name}-init`), [seed])
    const events: SharedMarksEvent[] = []
    const onEvent = (event: SharedMarksEvent) => void events.push(event)
    const { refreshMs = NEVER_MS } = options
    const marks = await SharedMarks.open({ journal, table: table(name, options, events), refreshMs, onEvent })
    onTestFinished(async () => {
      await marks.close()
      rmSync(dirname(directory), { recursive: true, force: true })
    })
    return { marks, events, directory }
  }
  return { key, seed, want, table, host }
}

/** The StateError of what must be refused in time, without a password in it. */
export async function refusalOf(
  work: () => unknown,
  withinMs = TIMEOUT_MS + SLACK_MS,
): Promise<{ readonly code: string; readonly message: string }> {
  const startedAt = performance.now()
  try {
    const value = await work()
    throw new Error(`nothing was refused: ${JSON.stringify(value)}`)
  } catch (error) {
    if (!(error instanceof StateError)) throw error
    expect(performance.now() - startedAt).toBeLessThan(withinMs)
    expect(JSON.stringify([error.message, String(error.cause), String(error.stack)])).not.toContain(PASSWORD)
    return { code: error.code, message: error.message }
  }
}
