import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { judge } from '../soak/soak-judge.js'
import { ROOT } from './started-simulator.js'

const samples = (rssKiB: (at: number) => number, descriptors: (at: number) => number = () => 21) =>
  Array.from({ length: 6000 }, (_, at) => ({ rssKiB: rssKiB(at), descriptors: descriptors(at) }))

describe('the judgement of a soak', () => {
  it.each([
    ['what stands still', samples(() => 100_000), true],
    ['what grows while it warms up', samples((at) => Math.min(130_000, 90_000 + 40 * at)), true],
    ['what breathes', samples((at) => 100_000 + 10_000 * Math.sin(at / 20)), true],
    // 100,000 commands in 6000 samples: 200 bytes each
    ['200 bytes lost with each command', samples((at) => 100_000 + (at * 3333) / 1024), false],
    [
      'a descriptor lost in a minute',
      samples(
        () => 100_000,
        (at) => 21 + Math.floor(at / 600),
      ),
      false,
    ],
    [
      'one descriptor lost late',
      samples(
        () => 100_000,
        (at) => (at > 5900 ? 22 : 21),
      ),
      false,
    ],
  ])('of %s', (_, seen, isFlat) => {
    expect(judge(seen).isFlat).toBe(isFlat)
  })
})

/** Runs `npm run soak -- ...args`. */
function soak(...args: readonly string[]) {
  return promisify(execFile)(process.execPath, [join(ROOT, 'scripts/soak.mjs'), ...args])
}

describe.runIf(process.platform === 'linux')('a short soak', () => {
  it('keeps the rate, gets every answer, and finds memory and descriptors flat', async () => {
    const { stdout } = await soak('simulator', '--minutes', '0.07', '--rate', '2000')
    expect(stdout).toMatch(/^SIMULATED /m)
    expect(stdout).toMatch(/^commands {5}1\d\d .* all answered as expected$/m)
    expect(stdout).toMatch(/^verdict {6}flat$/m)
    expect(stdout).toMatch(/^soak simulator: well$/m)
  }, 60_000)

  it.each([
    ['a wrong rate', 'simulator', '--rate', 'fast'],
    ['an unknown part', 'sleeping'],
    ['an unknown option', 'simulator', '--seconds', '4'],
  ])('refuses %s', async (_, ...args) => {
    const usage = {
      code: 64,
      stderr: expect.stringMatching(/usage: soak .*simulator.*crash.*baking/) as string,
    }
    await expect(soak(...args)).rejects.toMatchObject(usage)
  })
})
