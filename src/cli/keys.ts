import { existsSync } from 'node:fs'
import { z } from 'zod'
import { loadConfig, type Config } from '../config/index.js'
import { DeviceError, findPort, readBoard } from '../device/index.js'
import { MarksJournal, StateError, type Quarantine } from '../policy/index.js'
import { boardOf, boardsOf } from './boards.js'
import { askDaemon } from './control-client.js'
import { RefusedError, UsageError } from './exit-code.js'
import { describeKeys, type KeyRow } from './key-table.js'
import { readSelection } from './marks.js'
import { withMarks } from './own-marks.js'
import { json, table, type Output } from './output.js'
import type { ConfigOptions } from './serve.js'

export type KeysOptions = ConfigOptions & {
  readonly port?: string | undefined
  readonly json?: boolean | undefined
}

const keysAnswer = z.object({ keys: z.array(z.custom<KeyRow>()) })

const clearAnswer = z.object({ cleared: z.boolean() })

/** Shows the board's keys: from the running daemon, or from the board itself when none runs. */
export async function showKeys(options: KeysOptions, { out }: Output): Promise<void> {
  const config =
    options.port !== undefined && !existsSync(options.config)
      ? undefined
      : loadConfig(options.config, { stateDir: options.stateDir })
  const rows = (await keysOfDaemon(config, options.port)) ?? (await keysOfBoards(config, options.port))
  if (options.json === true) {
    out(json({ keys: rows }))
    return
  }
  const isNamed = new Set(rows.map(({ device }) => device)).size > 1
  const named = ({ device = '' }: KeyRow) => (isNamed ? [device] : [])
  out(
    table(
      [...(isNamed ? ['DEVICE'] : []), 'ALIAS', 'CURVE', 'ADDRESS', 'PUBLIC KEY', 'USE'],
      rows.map((row) => [
        ...[...named(row), String(row.alias ?? '-'), row.curve],
        ...[row.address, row.publicKey, useText(row)],
      ]),
    ),
  )
}

function useText({ use, quarantinedSince }: KeyRow): string {
  return quarantinedSince === undefined ? use : `${use}; in QUARANTINE since ${quarantinedSince}`
}

/** Lets a key sign again, in the running daemon or in the journal. Throws a RefusedError where it always could. */
export async function clearQuarantine(
  options: KeysOptions & { readonly key: string },
  { out }: Output,
): Promise<void> {
  const config = loadConfig(options.config, { stateDir: options.stateDir })
  const { key } = readSelection(options)
  if (key === undefined) throw new UsageError('--key is needed')
  const answer = await askDaemon(config.stateDir, 'POST', '/keys/clear-quarantine', { key })
  const { cleared } =
    answer === undefined
      ? await withMarks(config, async (store) => ({ cleared: await store.clearQuarantine(key) }))
      : clearAnswer.parse(answer)
  if (!cleared) throw new RefusedError(`${key} is not in quarantine`)
  out(options.json === true ? json({ cleared: [key] }) : `${key} may sign again\n`)
}

async function keysOfDaemon(
  config: Config | undefined,
  port: string | undefined,
): Promise<readonly KeyRow[] | undefined> {
  if (config === undefined || port !== undefined) return undefined
  const answer = await askDaemon(config.stateDir, 'GET', '/keys')
  if (answer === undefined) return undefined
  const { keys } = keysAnswer.parse(answer)
  if (keys.length === 0)
    throw new DeviceError(
      'device-unavailable',
      'the daemon has not reached its devices yet; its log says why',
    )
  return keys
}

/** Each configured board is asked by itself; with --port the one that is there. */
async function keysOfBoards(
  config: Config | undefined,
  port: string | undefined,
): Promise<readonly KeyRow[]> {
  const quarantines = quarantinesOf(config)
  if (config === undefined || port !== undefined) {
    const path = await findPort({
      port: port ?? 'auto',
      serialNumber: config && boardOf(config)?.serialNumber,
    })
    return describeKeys((await readBoard(path)).keys, config, quarantines)
  }
  const boards = boardsOf(config)
  if (boards.length === 0)
    throw new RefusedError('no board is configured; the keys of tokens are told by a running daemon')
  const rows: KeyRow[] = []
  for (const board of boards) {
    const { keys } = await readBoard(await findPort(board))
    rows.push(...describeKeys(keys, config, quarantines, board.name))
  }
  return rows
}

/** The keys in quarantine by the journal; none where there is no journal yet. */
function quarantinesOf(config: Config | undefined): readonly Quarantine[] {
  if (config === undefined) return []
  try {
    return [...MarksJournal.read(config.stateDir).quarantines.values()]
  } catch (error) {
    if (error instanceof StateError && error.code === 'state-missing') return []
    throw error
  }
}
