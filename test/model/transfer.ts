import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { exportText, readImport, type Import } from '../../src/migration/index.js'
import { markName, MarksJournal, StateError, type MarkKey } from '../../src/policy/index.js'
import type { Incident } from '../policy/simulated-disk.js'
import type { Command } from './commands.js'
import { BrokenPromise } from './history.js'
import type { Model } from './model.js'
import { digestOf } from './place.js'
import type { World } from './world.js'

const always = () => true

/**
 * The daemon is stopped, marks of another signer are imported, and it is started again; the disk may fail meanwhile.
 * With a `variant` the other signer had signed that payload, without one it only kept a level and round.
 */
export function importMark(
  mark: MarkKey,
  up: number,
  round: number,
  variant: number | undefined,
  incident: Incident | undefined,
): Command {
  const run = async (model: Model, world: World) => {
    const level = Math.max(0, (model.marks.get(markName(mark))?.place.level ?? 0) + up)
    const place = { ...mark, level, round }
    const asked = variant === undefined ? undefined : { place, variant }
    if (asked === undefined) model.raises.push(place)
    else world.history.ask([asked])
    const digest = asked && digestOf(asked)
    await stopped(model, world)
    world.state.command((journal) => journal.import([{ ...place, digest }], []), incident)
    await startAgain(model, world)
  }
  const toString = () => JSON.stringify({ import: mark, up, round, variant, while: incident })
  return { check: always, run, toString }
}

/** The daemon moves: its marks are exported, it never starts again with them, and goes on from a new state directory. */
export function move(incident: Incident | undefined): Command {
  const run = async (model: Model, world: World) => {
    await stopped(model, world)
    world.state.command((journal) => {
      journal.bury()
    }, incident)
    const { exportedAt, marks, quarantines, spends } = MarksJournal.read(world.state.path)
    if (exportedAt !== undefined) {
      expectBuried(world)
      const exported = throughFile(
        exportText({
          ...{ exportedAt, marks: [...marks.values()], quarantines: [...quarantines.values()] },
          spends: [...spends.values()],
        }),
      )
      world.state.renew()
      world.state.command((journal) => journal.import(exported.marks, exported.quarantines, exported.spends))
      model.lose('power-cut') // an export carries no signatures
    } else if (incident === undefined) throw new BrokenPromise('an export left no tombstone')
    await startAgain(model, world)
  }
  return { check: always, run, toString: () => `move ${JSON.stringify(incident ?? {})}` }
}

async function stopped(model: Model, world: World): Promise<void> {
  await world.stop()
  model.lose('kill')
}

async function startAgain(model: Model, world: World): Promise<void> {
  await world.start()
  model.observeStart(world)
}

function expectBuried(world: World): void {
  try {
    world.state.open().close()
  } catch (error) {
    if (error instanceof StateError && error.code === 'state-exported') return
    throw error
  }
  throw new BrokenPromise('an exported journal was opened')
}

function throughFile(text: string): Import {
  const folder = mkdtempSync(join(tmpdir(), 'tezio-export-'))
  try {
    const file = join(folder, 'marks.json')
    writeFileSync(file, text)
    return readImport([file])
  } finally {
    rmSync(folder, { recursive: true })
  }
}
