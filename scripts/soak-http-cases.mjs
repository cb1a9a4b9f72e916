import { execFileSync } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { connect } from 'node:net'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { ask, withDaemon } from './soak-http-daemon.mjs'
import { at, compare, growth, judge, repeat, tell } from './soak-http-measure.mjs'

/** For four threads that compute, the daemon, the board and this process. */
const PROCESSORS_TO_SPARE = 7
const SLOW_CLIENTS = 500
const REFUSED_PER_SECOND = 1000
/** What the log takes of each code within a second, and the line that counts the rest. */
const LINES_PER_SECOND_AND_CODE = 11

/** F30: the whole I/O pool of the daemon is taken, or computes, while it signs. */
export async function busyPool(scale) {
  const occupied = await withDaemon('zero', async (daemon, sign) => {
    const pipe = join(daemon.folder, 'pipe')
    execFileSync('mkfifo', [pipe])
    const occupy = async () => {
      await daemon.order('occupy', { pipe })
      return () => closeSync(openSync(pipe, 'w')) // now all four have their writer
    }
    const [times, words] = growth(
      0.99,
      await compare(sign, { rounds: 4 * scale, samples: 150, load: occupy }),
    )
    return judge('F30 p99 of a signature, all pool threads taken', times, 1.3, 'times', words)
  })
  const burn = (daemon) => async () => {
    await daemon.order('burn')
    return () => daemon.order('rest')
  }
  const computing = await withDaemon('zero', async (daemon, sign) => {
    const compared = await compare(sign, { rounds: 2 * scale, samples: 150, load: burn(daemon) })
    const [times, words] = growth(0.99, compared)
    const name = 'F30 p99 of a signature, all pool threads computing'
    if (availableParallelism() >= PROCESSORS_TO_SPARE) return judge(name, times, 1.3, 'times', words)
    const cores = `${availableParallelism()} processors are too few to tell a busy pool from a busy machine`
    tell(name, `${times.toFixed(2)} times, ${words}; no verdict: ${cores}`)
    return true
  })
  return occupied && computing
}

/** F37: an honest signature beside 500 connections that do not go on, each opened again when it is cut off. */
export function slowClients(scale) {
  return withDaemon('zero', async (daemon, sign) => {
    let fewest = SLOW_CLIENTS
    const load = async () => {
      const clients = new Set()
      let isOver = false
      const add = (index) =>
        new Promise((resolve) => {
          const socket = connect({ port: daemon.port, host: '127.0.0.1' }, () =>
            socket.write(half(daemon, index), resolve),
          )
          clients.add(socket)
          socket
            .on('error', () => undefined)
            .on('close', () => {
              clients.delete(socket)
              if (!isOver) void add(index)
            })
        })
      await Promise.all(Array.from({ length: SLOW_CLIENTS }, (_, index) => add(index)))
      return () => {
        isOver = true
        fewest = Math.min(fewest, clients.size)
        for (const socket of clients) socket.destroy()
      }
    }
    const compared = await compare(sign, { rounds: 5 * scale, samples: 200, load })
    const [times, words] = growth(0.5, compared)
    const [slowest, slowWords] = growth(0.99, compared)
    tell('F37 p99', `${slowest.toFixed(2)} times, ${slowWords}`)
    return judge(
      'F37 median of a signature beside 500 slow connections',
      times,
      1.5,
      'times',
      `${words}; ${fewest} were open at the end`,
    )
  })
}

function half({ baking }, index) {
  const head = `POST /keys/${baking} HTTP/1.1\r\nHost: localhost\r\n`
  const halves = [
    'GET /keys',
    head,
    `${head}Content-Length: 9\r\n\r\n"0`,
    `${head}Transfer-Encoding: chunked\r\n\r\n100\r\n"0`,
  ]
  return halves[index % halves.length]
}

/** F40: a thousand refused requests a second, half of them without and half with a wrong authentication. */
export function refusedRequests(scale) {
  return withDaemon('zero', async (daemon, sign) => {
    const usual = await repeat(200, sign)
    await daemon.linesWith(isSigned, usual.length)
    const from = daemon.lines.length
    const paths = [`/keys/${daemon.locked}`, `/keys/${daemon.locked}?authentication=p2sigJunk`]
    const meanwhile = untilTold(sign)
    const startedAt = performance.now()
    const answers = []
    while (answers.length < 10 * scale * REFUSED_PER_SECOND) {
      for (let index = 0; index < 10; index += 1) answers.push(ask(daemon.port, paths[index % 2], '"03"'))
      const aheadMs = (answers.length * 1000) / REFUSED_PER_SECOND - (performance.now() - startedAt)
      await (aheadMs > 0 ? pause(aheadMs) : answers.at(-1))
    }
    const statuses = (await Promise.all(answers)).map(({ status }) => status)
    const tookS = (performance.now() - startedAt) / 1000
    const times = await meanwhile.end()
    await daemon.linesWith(isSigned, usual.length + times.length)
    await pause(2 * WINDOW_MS) // a second's count is told at its end
    const median = `median ${at(0.5, times).toFixed(2)} ms, usually ${at(0.5, usual).toFixed(2)} ms`
    tell('F40 a signature meanwhile', `${median}, ${times.length} samples`)
    return judgeLog(daemon.lines.slice(from), statuses, tookS)
  })
}

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
const isSigned = ({ outcome }) => outcome === 'signed'
const WINDOW_MS = 1000

/** Does an action over and over, until `end`, which gives the results. */
function untilTold(action) {
  let isOver = false
  const results = (async () => {
    const collected = []
    while (!isOver) collected.push(await action())
    return collected
  })()
  const end = () => {
    isOver = true
    return results
  }
  return { end }
}

function judgeLog(lines, statuses, tookS) {
  const refusals = lines.filter(({ code }) => code?.startsWith('authentication-') === true)
  const told = refusals.reduce(
    (sum, { event, count }) => sum + (event === 'log.lines-left-out' ? count : 1),
    0,
  )
  const words = `${statuses.length} refused at ${Math.round(statuses.length / tookS)} a second`
  // The last window may end after the last request.
  const limit = (2 * LINES_PER_SECOND_AND_CODE * (tookS + 1)) / tookS
  const isShort = judge('F40 log lines a second', refusals.length / tookS, Math.ceil(limit), 'lines', words)
  const missing = Math.abs(statuses.length - told)
  const isWhole = judge(
    'F40 refusals that are neither written nor counted',
    missing,
    1,
    'lines',
    `${told} told`,
  )
  if (statuses.length / tookS < 0.95 * REFUSED_PER_SECOND) {
    tell('F40', 'this machine was too slow, or too busy, for a thousand refusals a second')
  }
  return isShort && isWhole && statuses.every((status) => status === 401)
}
