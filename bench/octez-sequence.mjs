// What the bridge adds to a signature: the requests of an Octez baker against a bare exchange on the same kind of port.
// Run `npm run build` first, then `node bench/octez-sequence.mjs [--count 500] [--latency zero|board]`.
import { request } from 'node:http'
import { parseArgs } from 'node:util'
import { SerialPort } from 'serialport'
import { encodeCommand, scanReply, sign } from '../dist/src/device/tezio/index.js'
import { attestation, clear, quantiles, startBoard, startDaemon, WARM_UP } from './stand.mjs'

const { values } = parseArgs({
  options: { count: { type: 'string', default: '500' }, latency: { type: 'string', default: 'zero' } },
})
const count = Number(values.count)

function ask(port, method, path, body) {
  return new Promise((resolve, reject) => {
    const headers =
      body === undefined ? {} : { 'content-type': 'application/json', 'transfer-encoding': 'chunked' }
    const asked = request({ host: '127.0.0.1', port, method, path, headers, agent: false }, (response) => {
      let text = ''
      response.on('data', (chunk) => (text += chunk))
      response.on('end', () =>
        response.statusCode === 200 ? resolve(text) : reject(new Error(`${response.statusCode} ${text}`)),
      )
    })
    asked.on('error', reject)
    asked.end(body)
  })
}

async function measure(run) {
  for (let index = 0; index < WARM_UP; index += 1) await run(index)
  const times = []
  for (let index = 0; index < count; index += 1) {
    const startedAt = performance.now()
    await run(WARM_UP + index)
    times.push(performance.now() - startedAt)
  }
  return quantiles(times)
}

async function bareExchange() {
  const board = await startBoard(values.latency)
  const port = new SerialPort({ path: board.path, baudRate: 57600, autoOpen: false })
  await new Promise((resolve, reject) => port.open((error) => (error ? reject(error) : resolve())))
  let received = Buffer.alloc(0)
  let answered = () => undefined
  port.on('data', (bytes) => {
    received = Buffer.concat([received, bytes])
    if (scanReply(received, [5, 68]).kind === 'reply') answered()
  })
  const result = await measure(async (index) => {
    received = Buffer.alloc(0)
    const answer = new Promise((resolve) => (answered = resolve))
    port.write(Buffer.from(encodeCommand(sign.encode({ alias: 3, message: attestation(1000 + index) }))))
    await answer
  })
  await new Promise((resolve) => port.close(resolve))
  board.stop()
  return result
}

async function throughBridge() {
  const board = await startBoard(values.latency)
  const daemon = await startDaemon(board.path)
  const { port } = new URL(daemon.url)
  const result = await measure(async (index) => {
    const body = `"${attestation(1000 + index).toString('hex')}"\n`
    await ask(port, 'GET', '/authorized_keys')
    await ask(port, 'POST', `/keys/${daemon.key}?version=3`, body)
  })
  daemon.stop()
  board.stop()
  return result
}

try {
  const bare = await bareExchange()
  const sequence = await throughBridge()
  console.table({ 'bare serialport SIGN': bare, 'GET + POST through the bridge': sequence })
} finally {
  clear()
}
