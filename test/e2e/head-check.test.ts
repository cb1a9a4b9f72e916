import { cpSync, rmSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { FakeNode } from '../octez/fake-node.js'
import { ADDRESS, BAKING_CONFIG, Bench, cli, sign } from './daemon.js'
import { attestation, block, operation, preattestation } from './payloads.js'

const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

/** A daemon that signed nothing yet, and the node it asks. */
async function baking(head: number, rest = '') {
  const node = await FakeNode.start(head)
  closing.push(() => node.close())
  const made = new Bench(`head_check: { rpc: "${node.rpc}"${rest} }\n${BAKING_CONFIG}`)
  closing.unshift(() => made.close())
  expect(await made.init()).toMatchObject({ code: 0, stderr: '' })
  const daemon = await made.started()
  return { node, made, daemon, url: await daemon.url() }
}

const levels = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index)

describe('a state restored from a backup', () => {
  it('F8 signs nothing that may have been signed after it: refused by name, up to the window above the head', async () => {
    const { node, made, daemon, url } = await baking(100)
    for (const payload of [block(100), attestation(100)]) {
      expect((await sign(url, ADDRESS.tz3, payload)).status).toBe(200)
    }
    daemon.kill('SIGKILL')
    await daemon.exit
    const backup = join(made.folder, 'backup')
    cpSync(made.stateDir, backup, { recursive: true, filter: (path) => !path.endsWith('control.sock') })

    const second = await made.started()
    for (const level of levels(101, 160)) {
      node.level = level
      for (const payload of [block(level), attestation(level)]) {
        expect((await sign(await second.url(), ADDRESS.tz3, payload)).status).toBe(200)
      }
    }
    second.kill('SIGKILL')
    await second.exit
    rmSync(made.stateDir, { recursive: true })
    cpSync(backup, made.stateDir, { recursive: true })
    made.simulated.reboot()

    const third = await made.started()
    const restored = await third.url()
    const before = made.signCommands
    for (const level of levels(101, 162)) {
      for (const payload of [block(level), attestation(level)]) {
        expect(await sign(restored, ADDRESS.tz3, payload)).toMatchObject({ status: 409, code: 'level-gap' })
      }
    }
    expect(made.signCommands).toBe(before)
    expect(await third.line('mark.suspected')).toMatchObject({
      ...{ severity: 'warn', markLevel: 100, head: 160, signsFrom: 163 },
    })
    expect(String((await third.line('signature.decided'))['reason'])).toMatch(
      /^at the start the high-water mark \(level 100\) stood 60 levels below the node's head 160/,
    )
    node.level = 162
    expect((await sign(restored, ADDRESS.tz3, block(163))).status).toBe(200)
    expect((await sign(restored, ADDRESS.tz3, attestation(163))).status).toBe(200)
  })

  it('F8 signs again at once where an operator raised the mark', async () => {
    const { node, made, daemon, url } = await baking(100)
    expect((await sign(url, ADDRESS.tz3, attestation(100))).status).toBe(200)
    daemon.kill('SIGKILL')
    await daemon.exit
    node.level = 160
    const again = await made.started()
    expect((await sign(await again.url(), ADDRESS.tz3, attestation(161))).status).toBe(409)
    const raise = ['marks', 'raise', ...made.options, '--kind', 'attestation', '--level', '160']
    expect((await cli(...raise)).code).toBe(0)
    expect((await sign(await again.url(), ADDRESS.tz3, attestation(161))).status).toBe(200)
  })
})

describe('the node', () => {
  it('is asked once for a level, whatever is signed at it, and for nothing else', async () => {
    const { node, url } = await baking(199)
    for (const [index, level] of levels(200, 215).entries()) {
      for (const payload of [
        block(level),
        preattestation(level),
        attestation(level),
        attestation(level, 1),
      ]) {
        expect((await sign(url, ADDRESS.tz3, payload)).status).toBe(200)
      }
      expect((await sign(url, ADDRESS.tz1, operation())).status).toBe(200)
      await node.asked(index + 1)
      await node.settled()
      expect(node.questions).toHaveLength(index + 1)
      node.level = level
    }
  })

  it('may hang: a level waits for it once, the device serves others meanwhile, and then on_error allows it', async () => {
    const { node, daemon, url } = await baking(300)
    node.answer = () => undefined
    let isAnswered = false
    const waiting = sign(url, ADDRESS.tz3, attestation(300)).then((answer) => {
      isAnswered = true
      return answer
    })
    await node.asked(1)
    expect((await sign(url, ADDRESS.tz1, operation())).status).toBe(200)
    expect(isAnswered).toBe(false)
    expect((await waiting).status).toBe(200)
    for (const payload of [block(300), preattestation(300), attestation(300, 1)]) {
      expect((await sign(url, ADDRESS.tz3, payload)).status).toBe(200)
    }
    const decided = () => daemon.lines.filter(({ event, chain }) => event === 'signature.decided' && chain)
    await daemon.until(() => decided().length === 4) // the log is read after the answer
    const waited = decided()
    const [first = 0, ...others] = waited.map((line) => Number(line['queueMs']))
    expect(first).toBeGreaterThanOrEqual(299)
    expect(first).toBeLessThan(1000)
    expect(others).toHaveLength(3)
    expect(Math.max(...others)).toBeLessThan(299)
    const events = daemon.lines.map(({ event }) => event).filter((event) => event?.startsWith('head.'))
    expect(events).toEqual(['head.unknown'])
    expect(await daemon.line('head.unknown')).toMatchObject({
      ...{ severity: 'warn', onError: 'allow', reason: 'it did not answer within 300 ms' },
    })
  })

  it('that answers badly in any way is no head: refused by name where on_error says so, until it is mended', async () => {
    const { node, daemon, url } = await baking(400, ', on_error: refuse')
    const { answer } = node
    const bad: readonly (readonly [RegExp, typeof answer])[] = [
      [/within 300 ms/, () => undefined],
      [/within 300 ms/, drip],
      [/status 404/, (_, response) => response.writeHead(404).end()],
      [
        /status 500/,
        (_, response) => response.writeHead(500).end('{"chain_id":"NetXdQprcVkpaWU","level":9}'),
      ],
      [/not the header/, (_, response) => response.end('busy')],
      [/longer than/, (_, response) => response.end(Buffer.alloc(1_000_000, ' '))],
      [/status 302/, (_, response) => response.writeHead(302, { location: '/elsewhere' }).end()],
      [
        /node of NetXnHfVqm9iesp/,
        (_, response) => {
          node.chain = 'NetXnHfVqm9iesp'
          node.tellHead(response)
          node.chain = 'NetXdQprcVkpaWU'
        },
      ],
      [/connection failed/, (request) => request.socket.destroy()],
    ]
    for (const [index, [reason, behaviour]] of bad.entries()) {
      node.answer = behaviour
      const from = daemon.lines.length
      const level = 401 + index
      expect(await sign(url, ADDRESS.tz3, attestation(level))).toMatchObject({
        ...{ status: 500, code: 'head-unknown' },
      })
      expect((await daemon.line('signature.decided', from))['reason'], String(reason)).toMatch(reason)
    }
    expect(node.questions.filter((path) => path === '/elsewhere')).toEqual([])
    node.answer = answer
    node.level = 410
    expect((await sign(url, ADDRESS.tz3, attestation(411))).status).toBe(200)
    expect(daemon.lines.filter(({ event }) => event === 'head.unknown')).toHaveLength(1)
  })
})

describe('a daemon that stops', () => {
  it.each([
    ['answered', (node: FakeNode) => node.answer],
    ['hangs', () => () => undefined],
  ])('F14 ends at once although its node %s', async (_, behaviour) => {
    const { node, daemon, url } = await baking(500)
    node.answer = behaviour(node)
    const answer = sign(url, ADDRESS.tz3, attestation(501))
    await node.asked(1)
    daemon.kill('SIGTERM')
    const startedAt = performance.now()
    expect(await daemon.exit).toBe(0)
    expect(performance.now() - startedAt).toBeLessThan(2500)
    await answer
  })
})

/** Begins at once and goes on for ever, a byte at a time. */
function drip(_: IncomingMessage, response: ServerResponse): void {
  const timer = setInterval(() => response.write(' '), 20)
  response.once('close', () => {
    clearInterval(timer)
  })
}
