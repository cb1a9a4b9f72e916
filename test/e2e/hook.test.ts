import { writeFileSync } from 'node:fs'
import { afterEach, expect, it } from 'vitest'
import { encodePublicKey } from '../../src/tezos/index.js'
import { FakeHook } from '../hook/fake-hook.js'
import { samplesOf } from '../telemetry/exposition.js'
import { ADDRESS, Bench, cli, sign } from './daemon.js'
import { attestation, operation } from './payloads.js'

const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

const configOf = (hook: FakeHook, rest: string) => `
server: { listen: "127.0.0.1:0" }
admin: { listen: "127.0.0.1:0" }
high_water_marks: { level: { 0x11: 0, 0x12: 0, 0x13: 0 } }
policy:
  signing_keys:
    ${ADDRESS.tz3}:
      allowed_ops: [0x03, 0x13]
      hook: { url: "${hook.url}", public_key: ${encodePublicKey(hook.publicKey)}, ${rest} }
    ${ADDRESS.tz1}: { allowed_ops: [0x03] }
`

it('a daemon asks the hook of a key, believes no other answer, tells what is wrong, and takes a reload', async () => {
  const hook = await FakeHook.start()
  closing.push(() => hook.close())
  const made = new Bench(configOf(hook, 'timeout_ms: 2000'))
  closing.unshift(() => made.close())
  expect(await made.init()).toMatchObject({ code: 0 })
  const daemon = await made.started()
  const url = await daemon.url()
  expect((await daemon.line('config.warned'))['reason']).toContain('blocks and votes wait for its answer')

  // allowed, and not asked again for the repeat
  const vote = attestation(1)
  const first = await sign(url, ADDRESS.tz3, vote)
  expect(first.status).toBe(200)
  expect(await sign(url, ADDRESS.tz3, vote)).toEqual(first)
  expect(hook.questions).toHaveLength(1)
  expect(hook.questions[0]).toMatchObject({
    version: 1,
    kind: 'attestation',
    level: 1,
    chain: 'NetXdQprcVkpaWU',
  })
  expect(hook.questions[0]?.nonce).toMatch(/^[0-9a-f]{32}$/)

  // refused
  hook.behaviour = ({ nonce }, response) => {
    hook.answer(response, { allow: false, reason: 'not on a Sunday', nonce })
  }
  const signs = made.signCommands
  expect(await sign(url, ADDRESS.tz3, operation())).toMatchObject({ status: 403, code: 'hook-refused' })
  expect((await sign(url, ADDRESS.tz1, operation())).status).toBe(200) // the other key has none

  // not signed: no answer
  hook.behaviour = ({ nonce }, response) => {
    hook.send(response, JSON.stringify({ allow: true, nonce }))
  }
  expect(await sign(url, ADDRESS.tz3, operation())).toMatchObject({ status: 403, code: 'hook-unavailable' })
  expect(made.signCommands).toBe(signs + 1)
  expect(await daemon.line('hook.unavailable')).toMatchObject({
    ...{ severity: 'warn', code: 'not-signed', onError: 'refuse', key: ADDRESS.tz3 },
  })
  const status = JSON.parse((await cli('status', '--json', ...made.options)).stdout) as object
  expect(status).toMatchObject({
    warnings: expect.arrayContaining([expect.objectContaining({ code: 'hook-unavailable' })]) as unknown[],
  })
  const metrics = await (await fetch(`${await daemon.adminUrl()}/metrics`)).text()
  expect(samplesOf(metrics)).toContainEqual(
    expect.objectContaining({ name: 'tezio_hook_errors_total', labels: { reason: 'not-signed' }, value: 1 }),
  )

  // a reload lets operations alone be asked about
  writeFileSync(made.config, configOf(hook, 'timeout_ms: 2000, kinds: [operation]'))
  daemon.kill('SIGHUP')
  expect((await daemon.line('config.reloaded'))['changed']).toEqual([
    `policy.signing_keys.${ADDRESS.tz3}.hook`,
  ])
  expect((await sign(url, ADDRESS.tz3, attestation(2))).status).toBe(200)
  expect(await sign(url, ADDRESS.tz3, operation())).toMatchObject({ code: 'hook-unavailable' })

  // it stops at once although the hook hangs
  hook.behaviour = () => undefined
  const asked = hook.questions.length
  const waiting = sign(url, ADDRESS.tz3, operation())
  await hook.asked(asked + 1)
  daemon.kill('SIGTERM')
  expect(await waiting).toMatchObject({ code: 'shutting-down' })
  expect(await daemon.exit).toBe(0)
  expect(daemon.lines.map((line) => JSON.stringify(line)).join('\n')).not.toContain('s3cret')
})
