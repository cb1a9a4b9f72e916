import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { buildIfNeeded, installIfNeeded, root } from './install.mjs'
import { judge, look } from './soak-judge.mjs'

// The part `simulator` of npm run soak: commands at an even rate to a simulated device on a pseudo-terminal, in a process
// of its own whose memory and descriptors are watched. Exit code 0: every answer was right and the process kept still.
const { values } = parseArgs({ options: { minutes: { type: 'string' }, rate: { type: 'string' } } })
const seconds = Number(values.minutes) * 60
const perMinute = Number(values.rate)
installIfNeeded()
buildIfNeeded()
const { openSerialLink } = await import('../dist/src/device/serial-link.js')
const { encodeCommand, joinBody, MODE, OPCODE, scanReply } = await import('../dist/src/device/tezio/index.js')

const KEYS = 4
const SIGNATURE_SIZE = 64
const REPLY_TIMEOUT_MS = 5000
const hash = '00'.repeat(32)
const operation = bytes(`03${hash}68656c6c6f`)
const ask = (opcode, param1, param2, data) => ({ opcode, param1, param2, ...(data && { param3: 0, data }) })

/** What is sent, over and over: `size` is that of the reply's body, `status` the refusal. */
const ROUND = [
  () => ({ fields: ask(OPCODE.getPublicKey, 1, 1), size: 32 }),
  () => ({ fields: ask(OPCODE.getPublicKey, 3, 4), size: 36 }),
  (turn) => ({ fields: ask(OPCODE.sign, turn % KEYS, MODE.messageRaw, operation), size: SIGNATURE_SIZE }),
  (turn) => ({ fields: ask(OPCODE.sign, 3, MODE.messageRaw, attestation(turn)), size: SIGNATURE_SIZE }),
  (turn) => ({ fields: ask(OPCODE.sign, 3, MODE.messageRaw, attestation(turn)), status: 0xd4 }),
  () => ({
    fields: ask(OPCODE.sign, 1, MODE.messageRaw, new Uint8Array(1015).fill(3)),
    size: SIGNATURE_SIZE,
  }),
  () => ({ fields: ask(OPCODE.verify, 1, MODE.messageRaw, new Uint8Array(80)), status: 0 }),
  () => ({ fields: ask(0x77, 0, 0), status: 0xa2 }),
]

const folder = mkdtempSync(join(tmpdir(), 'tezio-soak-'))
const simulator = spawn(
  process.execPath,
  [join(root, 'dist/hw-sim/cli/main.js'), '--link', join(folder, 'port')],
  {
    stdio: ['ignore', 'pipe', 'inherit'],
  },
)
try {
  for await (const line of createInterface(simulator.stdout)) if (line.startsWith('ready ')) break
  process.exitCode = await soak(join(folder, 'port'), simulator.pid)
} finally {
  simulator.kill('SIGTERM')
  rmSync(folder, { recursive: true, force: true })
}

/** Cuts replies out of what arrives; there is one command in flight. */
function createReplies() {
  let buffer = new Uint8Array()
  let waiting
  const settle = (act) => {
    clearTimeout(waiting?.timer)
    const over = waiting
    waiting = undefined
    if (over !== undefined) act(over)
  }
  const fail = (why) => settle(({ reject }) => reject(new Error(why)))
  const push = (part) => {
    buffer = Buffer.concat([buffer, part])
    const scan = scanReply(buffer)
    if (scan.kind === 'partial') return
    buffer = buffer.subarray(scan.size)
    if (scan.kind === 'noise') fail(`noise: ${scan.reason}`)
    else settle(({ resolve }) => resolve(scan.body))
  }
  const next = () =>
    new Promise((resolve, reject) => {
      waiting = { resolve, reject, timer: setTimeout(() => fail('no answer'), REPLY_TIMEOUT_MS) }
    })
  return { push, fail, next }
}

async function soak(path, pid) {
  console.log(`SIMULATED device: ${perMinute} commands a minute for ${seconds} s at ${path}, process ${pid}`)
  const replies = createReplies()
  const link = await openSerialLink(path, { onData: replies.push, onLost: replies.fail })
  const samples = []
  const started = performance.now()
  const elapsed = () => (performance.now() - started) / 1000
  let count = 0
  let slowestMs = 0
  let nextReportS = 30
  while (elapsed() < seconds) {
    const { fields, size, status } = ROUND[count % ROUND.length](Math.floor(count / ROUND.length) + 1)
    const sentAt = performance.now()
    const reply = replies.next()
    await link.write(encodeCommand(joinBody(fields)))
    const body = await reply
    slowestMs = Math.max(slowestMs, performance.now() - sentAt)
    const isRight = status === undefined ? body.length === size : body.length === 1 && body[0] === status
    if (!isRight)
      throw new Error(`command ${count + 1}: unexpected answer ${Buffer.from(body).toString('hex')}`)
    count += 1
    if (elapsed() * 10 >= samples.length + 1) samples.push(look(pid))
    if (elapsed() >= nextReportS) {
      report(nextReportS, count, samples.at(-1))
      nextReportS += 30
    }
    const aheadMs = (count / perMinute) * 60_000 - (performance.now() - started)
    if (aheadMs > 1) await new Promise((resolve) => setTimeout(resolve, aheadMs))
  }
  await link.close()
  return conclude(count, elapsed(), slowestMs, judge(samples), samples)
}

function conclude(count, tookS, slowestMs, { isFlat, growthKiB, fewest, most }, samples) {
  const [first, last] = [samples[0]?.rssKiB, samples.at(-1)?.rssKiB]
  const reached = Math.round((count / tookS) * 60)
  const isFast = reached >= perMinute * 0.99
  console.log(`commands     ${count} in ${tookS.toFixed(1)} s, ${reached} a minute, all answered as expected`)
  console.log(`slowest      ${slowestMs.toFixed(1)} ms`)
  console.log(
    `memory       ${first} KiB first, ${last} KiB last; ${growthKiB} KiB from the second quarter to the last`,
  )
  console.log(`descriptors  ${fewest} to ${most} after the first quarter`)
  console.log(`verdict      ${isFlat ? 'flat' : 'NOT FLAT'}${isFast ? '' : ', and TOO SLOW for the rate'}`)
  return isFlat && isFast ? 0 : 1
}

function report(atS, count, { rssKiB, descriptors }) {
  console.log(`${atS} s: ${count} commands, ${rssKiB} KiB, ${descriptors} descriptors`)
}

function attestation(level) {
  const payload = new Uint8Array(80)
  payload[0] = 0x13
  new DataView(payload.buffer).setUint32(40, level)
  return payload
}

function bytes(hex) {
  return new Uint8Array(Buffer.from(hex, 'hex'))
}
