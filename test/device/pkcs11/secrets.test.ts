import { readFileSync } from 'node:fs'
import { inspect } from 'node:util'
import { afterEach, expect, it } from 'vitest'
import { publicKeyHash } from '../../../src/tezos/index.js'
import { failureOf, LABEL, Opened, PAYLOAD, workerPid } from './rig.js'
import { asTokenKey, whyNoTokens } from './soft-tokens.js'

const missing = whyNoTokens()
const opened = new Opened()
afterEach(() => opened.close())

/** The part of the PIN that stands nowhere else. */
const SECRET = '48151623'

const seen = (pid: number | string) =>
  ['cmdline', 'environ'].map((file) => readFileSync(`/proc/${pid}/${file}`, 'utf8'))

it.skipIf(missing !== '')('no PIN is in an event, an error, a command line or an environment', async () => {
  const told: unknown[] = []
  const { device, log, keys, tokens } = await opened.ready()
  const key = publicKeyHash(keys[0]!.publicKey)
  await device.sign(key, PAYLOAD)
  const pid = workerPid()
  expect(seen(pid)[0]).toContain('worker.js')
  told.push(...seen(pid), ...seen('self'))
  process.kill(pid, 'SIGKILL')
  told.push(await failureOf(device.sign(key, PAYLOAD)), device.health())
  const options = { keys: keys.map(asTokenKey) }
  const attempts = [
    { ...options, token: { by: 'label', value: 'other' } as const },
    { ...options, module: '/absent.so' },
    { ...options, keys: [{ ...options.keys[0]!, label: 'absent' }] },
    { ...options, pin: `resigner:${SECRET}9` },
    { ...options, pin: SECRET.repeat(40) },
  ]
  for (const attempt of attempts) {
    const other = opened.device(attempt)
    const error: unknown = await other.device.firstContact(10_000).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(Error)
    told.push(error, other.log.events, other.device.health())
    await other.device.close()
  }
  expect(tokens.flags(LABEL)).toContain('count low')
  told.push(log.events)
  for (const thing of told) {
    const text = typeof thing === 'string' ? thing : inspect(thing, { depth: 10, showHidden: true })
    expect(text).not.toContain(SECRET)
  }
})
