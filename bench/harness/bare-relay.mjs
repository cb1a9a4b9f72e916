// node bare-relay.mjs PORT: the least that can stand between a baker and a board. It answers `{}` to a GET, and to a POST
// of hex digits with what the board signs, unverified; it has no rules, no marks and no line of requests.
import { createServer } from 'node:http'
import { openBarePort, signCommand } from './bare-port.mjs'

const ALIAS = 3
const port = await openBarePort(process.argv[2])

const server = createServer((request, response) => {
  const chunks = []
  request.on('data', (chunk) => chunks.push(chunk))
  request.on('end', () => void answer(request, Buffer.concat(chunks), response))
})
server.listen(0, '127.0.0.1', () => {
  console.log(`port ${server.address().port}`)
})

async function answer(request, body, response) {
  const signed = request.method === 'POST' ? { signature: await signature(JSON.parse(body)) } : {}
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(signed))
}

async function signature(payload) {
  const bytes = await port.exchange(signCommand(ALIAS, Buffer.from(payload, 'hex')))
  return Buffer.from(bytes).toString('hex')
}
