import { readFileSync } from 'node:fs'
import { ask } from './clients.mjs'
import { residentMiB } from './process.mjs'

/** The commands with which the link makes sure of a board: one for each of its four keys. */
const COMMANDS_OF_A_START = 4

/**
 * Starts a configured daemon, to the moment when its log said `device.ready` and `/readyz` answered 200, and stops it.
 * Times in ms: until the port was open, until all of it was ready, and what of that the board took to answer, as the
 * daemon's own log has it (so it has to be `verbose`); `own` is the rest. `cpuMs` is what all of
 * its threads computed, in steps of 10 ms, which other work on the machine lengthens less. Memory when ready in MiB.
 */
export async function timeStart(stand, { path, keys }) {
  const [startedAt, startedOn] = [performance.now(), Date.now()]
  const daemon = await stand.serve(path, keys)
  await ask(new URL(daemon.admin).port, 'GET', '/readyz')
  const readyMs = performance.now() - startedAt
  const memoryMiB = residentMiB(daemon.pid)
  const cpuMs = processorMs(daemon.pid)
  const log = daemon.log()
  await daemon.stop()
  const answersMs = answersIn(log)
  const opened = log.find(({ event }) => event === 'device.opened')
  const openedMs = Date.parse(opened.time) - startedOn
  return { readyMs, answersMs, ownMs: readyMs - answersMs, openedMs, cpuMs, memoryMiB }
}

function answersIn(log) {
  const answers = log.filter(({ event }) => event === 'device.command-finished')
  if (answers.length !== COMMANDS_OF_A_START)
    throw new Error(`the log has ${answers.length} commands of the start, not ${COMMANDS_OF_A_START}`)
  return answers.reduce((sum, { ms }) => sum + ms, 0)
}

/** What a process computed so far, in user and in system mode: fields 14 and 15 of proc(5), in ticks of 10 ms. */
function processorMs(pid) {
  const afterName = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1).split(' ')
  return (Number(afterName[11]) + Number(afterName[12])) * 10
}
