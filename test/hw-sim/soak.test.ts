import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { ROOT } from './started-simulator.js'

type Sample = { readonly rssKiB: number; readonly descriptors: number }
type Judgement = { readonly isFlat: boolean; readonly growthKiB: number }

const { judge } = (await import(join(ROOT, 'scripts/soak-judge.mjs'))) as {
  readonly judge: (samples: readonly Sample[]) => Judgement
}

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

describe.runIf(process.platform === 'linux')('a short soak', () => {
  it('keeps the rate, gets every answer, and finds memory and descriptors flat', async () => {
    const script = join(ROOT, 'scripts/soak.mjs')
    // a fifth of the real rate: other tests run beside this one
    const { stdout } = await promisify(execFile)(process.execPath, [
      script,
      '--seconds',
      '4',
      '--rate',
      '2000',
    ])
    expect(stdout).toMatch(/^SIMULATED /)
    expect(stdout).toMatch(/^commands {5}1\d\d .* all answered as expected$/m)
    expect(stdout).toMatch(/^verdict {6}flat$/m)
  }, 60_000)

  it('refuses a wrong rate', async () => {
    const script = join(ROOT, 'scripts/soak.mjs')
    const soak = promisify(execFile)(process.execPath, [script, '--rate', 'fast'])
    await expect(soak).rejects.toMatchObject({ code: 64, stderr: expect.stringContaining('usage') as string })
  })
})
