import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { judgeVersion } from '../../../src/cli/doctor/checks/daemon.js'
import type { CheckResult } from '../../../src/cli/doctor/examine.js'
import { MarksJournal } from '../../../src/policy/index.js'
import { BAKING_CONFIG, Bench, cli } from '../../e2e/daemon.js'
import { freePort } from '../../free-port.js'
import { findingOf } from './support.js'

// each test starts the compiled program several times
vi.setConfig({ testTimeout: 60_000 })

/** A bench whose listeners have ports that are known. */
async function bench() {
  const [signer, admin] = [await freePort(), await freePort()]
  const text = BAKING_CONFIG.replace('127.0.0.1:0', `127.0.0.1:${signer}`).replace(
    '127.0.0.1:0',
    `127.0.0.1:${admin}`,
  )
  const made = new Bench(text)
  onTestFinished(() => made.close())
  writeFileSync(made.config, `${text}device: { port: "${made.port.path}" }\n`)
  await made.init()
  return { made, signer, placed: { config: made.config, stateDir: made.stateDir } }
}

/** The whole report of the compiled program. */
async function report(...args: readonly string[]) {
  const { code, stdout } = await cli('doctor', '--json', ...args)
  const { checks } = JSON.parse(stdout) as { checks: CheckResult[] }
  return {
    code,
    status: new Map(checks.map(({ id, status }) => [id, status])),
    of: (id: string) => checks.find((check) => check.id === id),
  }
}

describe('beside a running daemon', () => {
  test('the board is asked through it, its ports are its own, and the cable is left alone', async () => {
    const { made, placed } = await bench()
    const daemon = await made.started()
    const before = made.simulated.log.length
    const { code, status, of } = await report(...made.options)
    expect(code).toBe(0)
    for (const id of [
      'daemon-runs',
      'daemon-version',
      'board-answers',
      'board-keys',
      'signer-address',
      'admin-address',
      'port-holder',
    ]) {
      expect([id, status.get(id)]).toEqual([id, 'pass'])
    }
    expect(of('daemon-ready')).toMatchObject({
      status: 'warn',
      detail: expect.stringContaining('SIMULATED') as string,
    })
    expect(of('port-holder')?.detail).toContain('held by the daemon')
    expect(of('daemon-runs')?.detail).toContain(`(process ${daemon.pid})`)
    expect(made.simulated.log).toHaveLength(before)
    expect(daemon.lines.some(({ event }) => event === 'device.sync-lost')).toBe(false)

    made.port.unplug()
    await daemon.line('device.lost')
    expect(await findingOf('daemon-ready', placed)).toMatchObject({
      status: 'fail',
      detail: expect.stringContaining('the device is') as string,
    })
    expect(await findingOf('board-answers', placed)).toMatchObject({ status: 'fail' })
    expect((await report(...made.options)).code).toBe(1)
  })

  test('a daemon that listens elsewhere than the file says is warned of', async () => {
    const { made, placed, signer } = await bench()
    await made.started()
    const text = readFileSync(made.config, 'utf8')
    writeFileSync(made.config, text.replace(String(signer), String(await freePort())))
    expect(await findingOf('signer-address', placed)).toMatchObject({
      status: 'warn',
      remedy: 'restart the daemon',
    })
    expect(await findingOf('daemon-version', placed)).toMatchObject({ status: 'warn' })
  })
})

test('without a daemon there is a warning, and its pages are skipped', async () => {
  const { made, placed } = await bench()
  expect(await findingOf('daemon-runs', placed)).toMatchObject({
    status: 'warn',
    detail: 'no daemon is running',
  })
  for (const id of ['daemon-ready', 'daemon-version']) {
    expect(await findingOf(id, placed)).toMatchObject({ status: 'skip' })
  }
  expect(made.signCommands).toBe(0)
})

test('a state that is owned by a program without a control socket fails, and the port is not opened', async () => {
  const { made, placed } = await bench()
  const store = MarksJournal.open({ directory: made.stateDir, maxLevelGap: 'off' })
  onTestFinished(() => {
    store.close()
  })
  expect(await findingOf('daemon-runs', placed)).toMatchObject({
    status: 'fail',
    detail: expect.stringContaining(`(process ${process.pid}) has the state and cannot be asked`) as string,
  })
  expect(await findingOf('board-answers', placed)).toMatchObject({ status: 'skip' })
  expect(made.simulated.log).toEqual([])
})

test('a control socket behind which something else answers fails, and the port is not opened', async () => {
  const { made, placed } = await bench()
  const server = createServer((_, response) => response.end('{}'))
  onTestFinished(() => {
    server.close()
  })
  mkdirSync(made.stateDir, { recursive: true })
  await new Promise<void>((resolve) => server.listen(join(made.stateDir, 'control.sock'), resolve))
  expect(await findingOf('daemon-runs', placed)).toMatchObject({ status: 'fail' })
  expect(await findingOf('board-answers', placed)).toMatchObject({ status: 'skip' })
  expect(made.simulated.log).toEqual([])
})

test('daemon-version warns of another version, and of none', () => {
  const page = (body: unknown) => judgeVersion({ outcome: 'answered', status: 200, body }, '0.2.0')
  expect(page({ name: 'tezio-bridge', version: '0.1.0' })).toMatchObject({
    status: 'warn',
    detail: 'the daemon is 0.1.0 and this is 0.2.0',
    remedy: expect.stringContaining('restart') as string,
  })
  expect(page({ name: 'tezio-bridge', version: '0.2.0' })).toMatchObject({ status: 'pass' })
  expect(page([{ msg: 'denied' }])).toMatchObject({ status: 'warn' })
})
