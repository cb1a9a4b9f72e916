// What the operator's page costs a signature: requests of a baker with nobody looking and with many viewers.
// Run `npm run build` first, then `node bench/page-viewers.mjs [--count 300] [--viewers 200]`.
import { get } from 'node:http'
import { parseArgs } from 'node:util'
import { takeSnapshot } from '../dist/src/server/page/snapshot.js'
import { attestation, clear, quantiles, startBoard, startDaemon, WARM_UP } from './stand.mjs'

const { values } = parseArgs({
  options: { count: { type: 'string', default: '300' }, viewers: { type: 'string', default: '200' } },
})

let level = 1000
async function signatures(url, key) {
  const times = []
  for (let index = 0; index < WARM_UP + Number(values.count); index += 1) {
    const body = `"${attestation((level += 1)).toString('hex')}"`
    const startedAt = performance.now()
    const headers = { 'content-type': 'application/json' }
    const response = await fetch(`${url}/keys/${key}`, { method: 'POST', headers, body })
    await response.text()
    if (!response.ok) throw new Error(`the signature failed with ${response.status}`)
    if (index >= WARM_UP) times.push(performance.now() - startedAt)
  }
  return quantiles(times)
}

/** Opens a stream and reads whatever comes. */
function view(url) {
  return new Promise((resolve, reject) => {
    const asked = get(`${url}/api/events`, { agent: false }, (response) => {
      response.resume()
      response.on('error', () => undefined)
      resolve(asked)
    })
    asked.on('error', reject)
  })
}

/** Renders what the daemon shows now, over and over. */
async function rendering(admin) {
  const report = await (await fetch(`${admin}/api/status`)).json()
  const { latencies } = await (await fetch(`${admin}/api/latencies`)).json()
  const mark = report.marks[0]
  const full = {
    ...report,
    marks: Array.from({ length: 12 }, (_, index) => ({ ...mark, chain: `chain ${index}` })),
  }
  const source = { status: () => full, latencies: () => latencies }
  const [times, rows] = [[], new WeakMap()]
  for (let index = 0; index < 300; index += 1) {
    const startedAt = performance.now()
    takeSnapshot(source, rows)
    if (index >= WARM_UP) times.push(performance.now() - startedAt)
  }
  console.log(`rendered: ${full.decisions.length} decisions, 12 marks, ${latencies.length} latencies`)
  return quantiles(times)
}

try {
  const board = await startBoard()
  const daemon = await startDaemon(board.path)
  const { url, admin, key } = daemon
  const alone = await signatures(url, key)
  const render = await rendering(admin)
  const viewers = await Promise.all(Array.from({ length: Number(values.viewers) }, () => view(admin)))
  const watched = await signatures(url, key)
  for (const viewer of viewers) viewer.destroy()
  console.table({
    'signature, nobody looks': alone,
    [`signature, ${viewers.length} viewers`]: watched,
    'one rendering': render,
  })
  daemon.stop()
  board.stop()
} finally {
  clear()
}
