import { readFileSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { withDaemon } from './soak-http-daemon.mjs'
import { at, judge, repeat, tell } from './soak-http-measure.mjs'

const MiB = 1024 * 1024

/** F36: what a chunked body of 100 MB adds to the daemon's memory at its peak, and what many of them leave behind. */
export function hugeBodies(scale) {
  return withDaemon('zero', async (daemon, sign) => {
    const flooded = () => flood(daemon)
    await repeat(200, flooded) // warm up: buffers and the heap get as large as they get
    await repeat(50, sign)
    const first = await settledMemory(daemon)
    const runs = await repeat(300 * scale, () => peakOf(daemon, flooded))
    const last = await settledMemory(daemon)
    resetPeak(daemon)
    const before = memoryOf(daemon, 'VmRSS')
    await repeat(runs.length, flooded)
    const most = (memoryOf(daemon, 'VmHWM') - before) / MiB
    tell(
      'F36 resident memory at the peak of as many bodies without a collection between',
      `${most.toFixed(2)} MiB`,
    )
    await sign()
    return judgeMemory(runs, first, last)
  })
}

function judgeMemory(runs, first, last) {
  const extras = runs.map(({ extra }) => extra / MiB)
  const sent = Math.max(...runs.map((run) => run.sent)) / MiB
  const words = `median ${at(0.5, extras).toFixed(2)}, most ${at(1, extras).toFixed(2)} MiB, ${extras.length} bodies, of which at most ${sent.toFixed(1)} MiB left the client`
  const isLean = judge(
    'F36 resident memory at the peak of a 100 MB body, p99',
    at(0.99, extras),
    1,
    'MiB',
    words,
  )
  const kept = (kind) => (last[kind] - first[kind]) / MiB
  const details = `heap ${kept('heapUsed').toFixed(2)}, buffers ${kept('external').toFixed(2)} MiB, ${extras.length} bodies later`
  const isFlat = judge('F36 resident memory kept after all of them', kept('rss'), 1, 'MiB', details)
  return isLean && isFlat
}

/** What one body adds to the resident memory while it comes. A collection before it makes it this body's alone. */
async function peakOf(daemon, flooded) {
  await daemon.order('memory')
  resetPeak(daemon)
  const before = memoryOf(daemon, 'VmRSS')
  const sent = await flooded()
  return { extra: Math.max(0, memoryOf(daemon, 'VmHWM') - before), sent }
}

/** The least of some looks: what a collection gives back comes back late. */
async function settledMemory({ order }) {
  const looks = await repeat(10, () => order('memory'))
  const least = (kind) => Math.min(...looks.map((look) => look[kind]))
  return { rss: least('rss'), heapUsed: least('heapUsed'), external: least('external') }
}

/** The kernel begins to look for the peak anew. */
function resetPeak({ pid }) {
  writeFileSync(`/proc/${pid}/clear_refs`, '5')
}

function memoryOf({ pid }, field) {
  const [, kiB] = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(
    readFileSync(`/proc/${pid}/status`, 'utf8'),
  )
  return Number(kiB) * 1024
}

/** Sends a chunked body of 100 MB until the daemon hangs up; how many bytes left. */
function flood({ port, baking }) {
  const piece = Buffer.from(`10000\r\n${'x'.repeat(0x10000)}\r\n`)
  const head = `POST /keys/${baking} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n`
  return new Promise((resolve) => {
    let sent = 0
    const socket = connect({ port, host: '127.0.0.1' })
    const send = (error) => {
      if (error || sent >= 100 * MiB) return
      sent += piece.length
      socket.write(piece, send)
    }
    socket
      .on('error', () => undefined)
      .on('close', () => resolve(sent))
      .resume()
    socket.write(head, send)
  })
}
