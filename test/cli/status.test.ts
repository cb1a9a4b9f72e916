import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { monotonicClock, type Clock } from '../../src/clock.js'
import { ageOf, duration } from '../../src/cli/status/ages.js'
import { showStatus, type StatusSurroundings } from '../../src/cli/status/status.js'
import { statusText, type Styles } from '../../src/cli/status/status-view.js'
import { UnavailableError } from '../../src/cli/exit-code.js'
import { runCli } from '../../src/cli/program.js'
import type { StatusReport } from '../../src/server/index.js'
import { ADDRESS, Bench, cli, sign, type Daemon } from '../e2e/daemon.js'
import { attestation } from '../e2e/payloads.js'
import { quietReport } from '../server/admin-source.js'

const MARKED: Styles = {
  good: (text) => `+${text}+`,
  bad: (text) => `-${text}-`,
  warn: (text) => `!${text}!`,
  title: (text) => `#${text}#`,
}

describe('ages', () => {
  test.each([
    [-5, '0 s'],
    [59_999, '59 s'],
    [60_000, '1 min'],
    [3_599_999, '59 min'],
    [3_600_000, '1 h'],
    [3_600_000 * 5 + 60_000 * 7, '5 h 7 min'],
    [86_400_000 * 2, '2 d'],
    [86_400_000 * 2 + 3_600_000 * 3, '2 d 3 h'],
  ])('%i ms are %s', (ms, text) => {
    expect(duration(ms)).toBe(text)
  })

  test('are the time between two instants', () => {
    expect(ageOf('2026-01-01T00:00:00Z', '2026-01-01T00:10:00.000Z')).toBe('10 min')
  })
})

describe('the status for a person', () => {
  test('begins with the verdict', () => {
    expect(statusText(quietReport(), MARKED)).toMatch(/^tezio-bridge 1\.2\.3 {2}\+READY to sign\+\n/)
    const reasons = [{ code: 'port-not-found', message: 'the device is closed: no board' }]
    const text = statusText(quietReport({ readiness: { ready: false, reasons } }), MARKED)
    expect(text).toContain('-NOT READY: the device is closed: no board-')
  })

  test('tells an empty life in words', () => {
    const text = statusText(quietReport(), MARKED)
    expect(text).toContain('device    ready for 59 s at /dev/ttyACM0; 0 reconnects')
    expect(text).toContain('latency   no signature in the last hour')
    expect(text).toContain('none since the start')
    expect(text).not.toContain('#Warnings#')
  })

  test('shows each warning with what to do', () => {
    const at = '2026-01-01T00:00:30.000Z'
    const warning = { code: 'port-busy', message: 'somebody holds it', remedy: 'stop it', at }
    expect(statusText(quietReport({ warnings: [warning] }), MARKED)).toContain(
      '!port-busy!: somebody holds it (30 s ago)\n  what to do: stop it\n',
    )
  })
})

describe('of a daemon', () => {
  let bench: Bench
  let daemon: Daemon

  beforeAll(async () => {
    bench = new Bench()
    await bench.init()
    daemon = await bench.started()
    const url = await daemon.url()
    const vote = attestation(50)
    await sign(url, ADDRESS.tz3, vote)
    await sign(url, ADDRESS.tz3, vote)
    await sign(url, ADDRESS.tz3, attestation(49))
  })

  afterAll(() => bench.close())

  test('it shows device, keys, marks and decisions', async () => {
    const { code, stdout } = await cli('status', ...bench.options)
    expect(code).toBe(0)
    expect(stdout).toContain('READY to sign')
    expect(stdout).toContain('1 signed, 1 repeated, 1 refused')
    expect(stdout).toMatch(/mainnet +tz3g4A\w+ +attestation +50 \/ 0 +signed/)
    expect(stdout).toMatch(/refused +attestation 49 \/ 0 of mainnet +tz3g4AnL…1HfJ .*below-mark/)
    expect(stdout).toContain('simulated-device: SIMULATED device')
    expect(stdout).not.toContain('\u001b')
  })

  test('--json is what the admin listener tells', async () => {
    const { stdout } = await cli('status', '--json', ...bench.options)
    const told = JSON.parse(stdout) as StatusReport
    const shown = (await (await fetch(`${await daemon.adminUrl()}/api/status`)).json()) as StatusReport
    expect({ ...told, at: '' }).toEqual({ ...shown, at: '' })
    expect(told.decisions.map(({ outcome }) => outcome)).toEqual(['refused', 'repeated', 'signed'])
  })

  /** Watches until it has looked `looks` times, on a clock that does not wait. */
  async function watch(
    looks: number,
    rest: Partial<StatusSurroundings>,
    json = false,
    stateDir = bench.stateDir,
  ) {
    const stop = new AbortController()
    const shown: string[] = []
    const clock: Clock = {
      now: () => monotonicClock.now(),
      after: (_ms, action) => {
        if (shown.length >= looks) stop.abort()
        else queueMicrotask(action)
        return () => undefined
      },
    }
    const options = { config: bench.config, stateDir, watch: true, json }
    const output = { out: (text: string) => void shown.push(text), err: () => undefined }
    await showStatus(options, output, {
      ...{ clock, isTerminal: false, hasColours: false, stop: stop.signal },
      ...rest,
    })
    return shown
  }

  test('--watch draws over what it drew on a terminal, and below it elsewhere', async () => {
    for (const text of await watch(3, { isTerminal: true }))
      expect(text).toMatch(/^\u001b\[H\u001b\[Jtezio-bridge/)
    const [first, second] = await watch(2, {})
    expect(first).toMatch(/^tezio-bridge/)
    expect(second).toMatch(/^\ntezio-bridge/)
  })

  test('--watch --json writes a line for each look', async () => {
    const lines = await watch(2, {}, true)
    expect(lines).toHaveLength(2)
    for (const line of lines) {
      expect(line.trimEnd()).not.toContain('\n')
      expect(JSON.parse(line)).toMatchObject({ readiness: { ready: true } })
    }
  })

  test('--watch waits for a daemon that does not run, and says so', async () => {
    const [text] = await watch(1, {}, false, `${bench.stateDir}-of-nobody`)
    expect(text).toContain('no daemon is running')
    const [line] = await watch(1, {}, true, `${bench.stateDir}-of-nobody`)
    expect(JSON.parse(line ?? '')).toEqual({ daemon: 'not running' })
  })

  test('without a daemon it ends with 69 and says what to do', async () => {
    const nobody = ['--config', bench.config, '--state-dir', `${bench.stateDir}-of-nobody`]
    const { code, stderr } = await cli('status', ...nobody)
    expect(code).toBe(69)
    expect(stderr).toMatch(/no daemon is running for .*; to start it: tezio-bridge serve/)
    const output = { out: () => undefined, err: () => undefined }
    const surroundings = {
      ...{ clock: monotonicClock, isTerminal: false, hasColours: false },
      stop: new AbortController().signal,
    }
    const options = { config: bench.config, stateDir: `${bench.stateDir}-of-nobody` }
    await expect(showStatus(options, output, surroundings)).rejects.toBeInstanceOf(UnavailableError)
  })

  test.each(['0', '0.1', '4000', 'x', '-1'])('--interval %s is refused', async (interval) => {
    const output = { out: () => undefined, err: () => undefined }
    const args = ['status', '--watch', '--interval', interval, ...bench.options]
    expect(await runCli(args, output)).toBe(64)
  })
})
