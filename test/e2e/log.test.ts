import { afterEach, expect, test } from 'vitest'
import { request } from 'node:http'
import { attestation, block, operation } from './payloads.js'
import { ADDRESS, Bench, sign, type Answer, type LogLine } from './daemon.js'

const RPC_TOKEN = 'v1-0123456789abcdef'
const CONFIG = `
server: { listen: "127.0.0.1:0" }
admin: { listen: "127.0.0.1:0" }
high_water_marks: { level: { 0x11: 0, 0x12: 0, 0x13: 0 } }
head_check: { rpc: "http://127.0.0.1:1/${RPC_TOKEN}" }
policy:
  signing_keys:
    ${ADDRESS.tz1}: { allowed_ops: [0x03], auth_req: true }
    ${ADDRESS.tz3}: { allowed_ops: [0x03, 0x11, 0x12, 0x13], auth_req: false }
  auth_key: { pkh: tz3QaGkVCH9iVy4Rh7fQJobiQnc4yJpQKoMJ }
`
/** No signature of the authentication key: what is sent must not be in the log either way. */
const AUTHENTICATION =
  'p2sigt7vsRdJANiD4VxWZrpS8NstSa95CnsLfdkYEfR3pnLQkTGLZt4MXqnNx7fgkuKPfcvFnVRWiXThmo8x3obSvVwxTa5mvc'

let bench: Bench | undefined

afterEach(async () => {
  await bench?.close()
  bench = undefined
})

async function started(...options: readonly string[]) {
  bench = new Bench(CONFIG)
  await bench.init()
  const daemon = bench.start(...options)
  const url = await daemon.url()
  await daemon.line('device.ready')
  return { bench, daemon, url }
}

test('neither payloads, signatures, authentication nor the path of a node are in the log, not even at debug', async () => {
  const { daemon, url } = await started('--log-level', 'debug')
  const payloads = [block(50), attestation(50), operation(), Uint8Array.from([0x99, ...attestation(51)])]
  const answers: Answer[] = []
  for (const payload of payloads) answers.push(await sign(url, ADDRESS.tz3, payload))
  await sign(url, ADDRESS.tz3, attestation(50)) // a conflict
  await sign(url, ADDRESS.tz1, operation(), AUTHENTICATION)
  await sign(url, ADDRESS.tz1, operation())
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 403])
  daemon.kill('SIGTERM')
  await daemon.exit
  const text = JSON.stringify(daemon.lines) + daemon.stderr
  expect(daemon.lines.filter(({ event }) => event === 'signature.decided')).toHaveLength(7)
  expect(daemon.lines.some(({ event }) => event === 'device.command-finished')).toBe(true)
  for (const payload of payloads) {
    const hex = Buffer.from(payload).toString('hex')
    for (const part of [hex.slice(0, 24), hex.slice(-24)]) expect(text).not.toContain(part)
  }
  for (const { signature } of answers) {
    if (signature !== undefined) expect(text).not.toContain(signature.slice(10, 40))
  }
  expect(text).not.toContain(AUTHENTICATION.slice(10, 40))
  expect(text).not.toContain(RPC_TOKEN)
})

/** Asks with a `Host` of its own; resolves with the status and the name of the request. */
function getAs(url: string, host: string): Promise<readonly [number | undefined, unknown]> {
  return new Promise((resolve, reject) => {
    const asked = request(`${url}/authorized_keys`, { headers: { host } }, (response) => {
      response.resume()
      resolve([response.statusCode, response.headers['x-request-id']])
    })
    asked.on('error', reject)
    asked.end()
  })
}

test('a request has one name, in its answer and in its lines, whatever it brings along', async () => {
  const { daemon, url } = await started()
  const body = JSON.stringify(Buffer.from(attestation(60)).toString('hex'))
  const headers = { 'content-type': 'application/json', 'x-request-id': 'forged' }
  const response = await fetch(`${url}/keys/${ADDRESS.tz3}`, { method: 'POST', headers, body })
  const name = response.headers.get('x-request-id')
  expect(name).toMatch(/^[0-9a-f-]{36}$/)
  expect(await daemon.line('signature.decided')).toMatchObject({ requestId: name, verdict: 'advance' })

  const [status, refusedName] = await getAs(url, 'evil.example')
  expect(status).toBe(403)
  const line: LogLine = await daemon.line('request.refused')
  expect(line).toMatchObject({
    ...{ requestId: refusedName, listener: 'signer', code: 'host-not-allowed', peer: '127.0.0.1' },
  })
})

test('--log-level leaves out what is below it', async () => {
  const { daemon, url } = await started('--log-level', 'info')
  expect(daemon.lines.some(({ event }) => event === 'device.command-finished')).toBe(false)
  await sign(url, ADDRESS.tz3, attestation(70))
  await daemon.line('signature.decided')
  daemon.kill('SIGTERM')
  await daemon.exit

  const quiet = bench!.start('--log-level', 'warn')
  await quiet.line('device.opened') // that the board is simulated is a warning
  expect(quiet.lines.every(({ severity }) => severity === 'warn' || severity === 'error')).toBe(true)
})
