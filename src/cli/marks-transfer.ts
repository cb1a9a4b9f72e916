import { closeSync, fsyncSync, openSync, unlinkSync, writeFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { loadConfig, type Config } from '../config/index.js'
import { exportText, readImport } from '../migration/index.js'
import {
  MarksJournal,
  syncDirectory,
  systemFiles,
  type ImportedMark,
  type ImportPlan,
  type JournalState,
} from '../policy/index.js'
import { chainName } from '../tezos/index.js'
import { RefusedError } from './exit-code.js'
import { isSelected } from './mark-selection.js'
import { readSelection, type MarksOptions, type SelectOptions } from './marks.js'
import { withMarks } from './own-marks.js'
import { json, table, type Output } from './output.js'

/**
 * Writes the marks to a new file and buries the journal first, so that no two hosts ever sign with the same marks.
 * A journal that was exported before can be exported again.
 */
export function exportMarks(file: string, options: MarksOptions, { out }: Output): void {
  const config = loadConfig(options.config, { stateDir: options.stateDir })
  refuseShared(config)
  const path = resolve(file)
  const fd = openSync(path, 'wx', 0o600)
  try {
    const state = buried(config)
    const marks = [...state.marks.values()]
    const { exportedAt = '' } = state
    const quarantines = [...state.quarantines.values()]
    writeFileSync(fd, exportText({ exportedAt, marks, quarantines, spends: [...state.spends.values()] }))
    fsyncSync(fd)
    syncDirectory(systemFiles, dirname(path))
    const result = { file: path, exportedAt, marks: marks.length }
    if (options.json === true) out(json(result))
    else {
      out(`${path} holds ${marks.length} marks. Nothing is signed with ${config.stateDir} any more.\n`)
    }
  } catch (error) {
    unlinkSync(path)
    throw error
  } finally {
    closeSync(fd)
  }
}

/** A host that shares its marks has none to hand over. */
function refuseShared({ marks: { shared } }: Config): void {
  if (shared === undefined) return
  throw new RefusedError(
    `marks.${shared.kind} keeps the marks of all hosts: there is nothing to hand over; configure the other host for the same table and run tezio-bridge init there`,
  )
}

/** What the journal held when it was buried, now or before. */
function buried({ stateDir, marks }: Config): JournalState {
  const before = MarksJournal.read(stateDir)
  if (before.exportedAt !== undefined) return before
  MarksJournal.open({ directory: stateDir, maxLevelGap: marks.maxLevelGap }).bury()
  return MarksJournal.read(stateDir)
}

export type ImportOptions = MarksOptions & SelectOptions & { readonly dryRun?: boolean | undefined }

/** Raises marks to those in other signers' files, all of them or none; refuses while a daemon owns the state. */
export async function importMarks(
  paths: readonly string[],
  options: ImportOptions,
  { out }: Output,
): Promise<void> {
  const config = loadConfig(options.config, { stateDir: options.stateDir })
  const selection = readSelection(options)
  const { files, marks, quarantines, spends } = readImport(paths)
  const selected = marks.filter((mark) => isSelected(selection, mark))
  const ours = new Set<string>(config.keys.map(({ publicKeyHash }) => publicKeyHash))
  const relevant = quarantines.filter(({ key }) => ours.has(key))
  const spent = spends.filter(({ key }) => ours.has(key))
  const plan = await withMarks(config, (store) =>
    options.dryRun === true ? store.planImport(selected) : store.import(selected, relevant, spent),
  )
  if (plan.raised.length === 0 && spent.length === 0)
    throw new RefusedError(`nothing was raised: ${whyNone(files, plan)}`)
  const quarantined = relevant.map(({ key }) => key)
  if (options.json === true)
    out(json({ dryRun: options.dryRun === true, ...plan, quarantined, spends: spent.length }))
  else {
    out(describe(plan, options.dryRun === true))
    if (spent.length > 0) out(`operations for spend windows: ${spent.length} in the file\n`)
  }
}

function whyNone(files: readonly string[], { left, unknown }: ImportPlan): string {
  const from = files.join(', ')
  if (left.length + unknown.length === 0) return `${from}: there is no such mark in it`
  const parts = [
    ...(left.length === 0 ? [] : [`${left.length} as high here already, and none is ever lowered`]),
    ...(unknown.length === 0 ? [] : [`${unknown.length} of keys, chains or kinds without a mark here`]),
  ]
  return `${from}: ${parts.join('; ')}`
}

/** Lines for a person; an import of many marks that are unknown here is told by their number. */
const MOST_LINES = 50

function describe({ raised, left, unknown }: ImportPlan, isDry: boolean): string {
  const row = (outcome: string) => (mark: ImportedMark) => {
    const { chain, key, kind, level, round } = mark
    return [chainName(chain), key, kind, String(level), String(round), outcome]
  }
  const rows = [
    ...raised.map(row(isDry ? 'would be raised' : 'raised')),
    ...left.map(row('left: as high here')),
    ...unknown.map(row('left: no such mark here')),
  ]
  const shown = table(['CHAIN', 'KEY', 'KIND', 'LEVEL', 'ROUND', 'OUTCOME'], rows.slice(0, MOST_LINES))
  const rest = rows.length - MOST_LINES
  return rest > 0 ? `${shown}and ${rest} more\n` : shown
}
