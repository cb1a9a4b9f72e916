import type fc from 'fast-check'
import { markName, StateError, type MarkKey, type RaiseOutcome } from '../../src/policy/index.js'
import type { Incident } from '../policy/simulated-disk.js'
import type { Disturbance, End } from './disturbance.js'
import { BrokenPromise } from './history.js'
import type { Model } from './model.js'
import { resolve, type Pick } from './picks.js'
import { isOfTheDisk } from './state-directory.js'
import type { World } from './world.js'

/** One step of a history: it may be taken when `check` says so, and throws when the promise was broken. */
export type Command = fc.AsyncCommand<Model, World>

const isUp = (model: Readonly<Model>) => model.isUp
const always = () => true

/**
 * Requests that come in one moment, perhaps while something goes wrong. With `isPatient` the next command waits
 * until the link is in order again.
 */
export function ask(
  picks: readonly Pick[],
  disturbance: Disturbance | undefined,
  isPatient: boolean,
): Command {
  const run = async (model: Model, world: World) => {
    const process = world.running
    const isCalm = world.isCalm && disturbance === undefined
    const requests = resolve(picks, model)
    const { expectations, marks } = model.expect(requests, world.board)
    const heard = await world.ask(requests, disturbance)
    model.compare(expectations, heard, isCalm)
    model.observe(world, process, isCalm ? marks : undefined)
    if (!process.isAlive) model.lose(endOf(disturbance))
    else if (isPatient) await world.untilReady()
  }
  return { check: isUp, run, toString: () => JSON.stringify({ ask: picks, while: disturbance, isPatient }) }
}

function endOf(disturbance: Disturbance | undefined): End {
  if (disturbance?.what === 'disk') return disturbance.end
  return disturbance?.what === 'board' && disturbance.act === 'power-cut' ? 'power-cut' : 'kill'
}

/** The process is killed, or the power is cut, between two requests; also while no process runs. */
export function end(how: End, board: 'keeps power' | 'loses power'): Command {
  const run = async (model: Model, world: World) => {
    await world.end(how, board)
    model.lose(how)
  }
  return { check: always, run, toString: () => `${how}, the board ${board}` }
}

/** The daemon is started, and stopped in order before when it runs; the disk may fail meanwhile. */
export function restart(incident: Incident | undefined): Command {
  const run = async (model: Model, world: World) => {
    await world.stop()
    model.lose('kill')
    try {
      await world.start(incident)
    } catch (error) {
      if (incident === undefined || !isOfTheDisk(error)) throw error
      return
    }
    model.observeStart(world)
  }
  return { check: always, run, toString: () => `restart ${JSON.stringify(incident ?? {})}` }
}

/** Something happens to the board or its cable between two requests. */
export function touch(how: 'unplug' | 'replug' | 'reboot board', isPatient: boolean): Command {
  const run = async (model: Model, world: World) => {
    if (how === 'unplug') world.plug.unplug()
    else if (how === 'replug') world.plug.replug()
    else world.board.reboot()
    model.isPlugged = world.plug.isPlugged
    if (how === 'replug') await world.time.pass(0) // by now the driver knows that the plug was out
    if (isPatient) await world.untilReady()
  }
  const check = (model: Readonly<Model>) => how === 'reboot board' || model.isPlugged === (how === 'unplug')
  return { check, run, toString: () => `${how}${isPatient ? '' : ' and go on at once'}` }
}

/** Time passes. */
export function wait(ms: number): Command {
  const run = (_: Model, world: World) => world.time.pass(ms)
  return { check: always, run, toString: () => `wait ${ms} ms` }
}

/** An operator raises a mark in the running daemon; the disk may fail meanwhile. */
export function raise(mark: MarkKey, up: number, round: number, incident: Incident | undefined): Command {
  const run = async (model: Model, world: World) => {
    const process = world.running
    const level = Math.max(0, (model.marks.get(markName(mark))?.place.level ?? 0) + up)
    const position = { ...mark, level, round }
    const isCalm = process.isSound && incident === undefined
    const expected = model.expectRaise(position)
    if (incident !== undefined) world.disk.plan(incident)
    const outcome = outcomeOf(() => process.raise(position))
    world.disk.restart()
    if (isCalm && outcome !== expected) throw new BrokenPromise(`the raise was ${outcome}, not ${expected}`)
    model.observe(world, process)
    if (outcome === 'raised' && process.isAlive) model.expectRaised(position)
    if (!process.isAlive) {
      await world.end('kill')
      model.lose('kill')
    }
  }
  return { check: isUp, run, toString: () => JSON.stringify({ raise: mark, up, round, while: incident }) }
}

function outcomeOf(raise: () => RaiseOutcome): string {
  try {
    const result = raise()
    return result.outcome === 'raised' ? 'raised' : result.reason
  } catch (error) {
    if (error instanceof StateError) return error.code
    throw error
  }
}
