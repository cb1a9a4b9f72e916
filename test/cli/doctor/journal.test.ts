import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { init } from '../../../src/cli/init.js'
import { MarksJournal } from '../../../src/policy/index.js'
import { parsePublicKeyHash } from '../../../src/tezos/index.js'
import { BAKER, findingOf, place, TZ1, TZ3 } from './support.js'

const KEY = parsePublicKeyHash(TZ3)!
const silent = { out: () => undefined, err: () => undefined }

/** A journal with marks at a level, and what may be done to it. */
async function journal(level = 100) {
  const placed = place()
  await init({ config: placed.config, stateDir: placed.stateDir, level }, silent)
  const change = (use: (store: MarksJournal) => void) => {
    const store = MarksJournal.open({ directory: placed.stateDir, maxLevelGap: 'off' })
    use(store)
    store.close()
  }
  return { ...placed, change, path: join(placed.stateDir, 'marks.journal') }
}

describe('journal-sound', () => {
  test('fails for a flipped byte, a line that is gone, and a file that is gone; passes as it was', async () => {
    const placed = await journal()
    const whole = readFileSync(placed.path, 'utf8')
    const damages = [
      whole.replace('"level":100', '"level":101'),
      whole.split('\n').toSpliced(1, 1).join('\n'),
      '',
    ]
    for (const damaged of damages) {
      writeFileSync(placed.path, damaged)
      expect(await findingOf('journal-sound', placed)).toMatchObject({ status: 'fail' })
      expect(await findingOf('marks-complete', placed)).toMatchObject({ status: 'skip' })
    }
    writeFileSync(placed.path, whole)
    expect(await findingOf('journal-sound', placed)).toMatchObject({ status: 'pass' })
  })

  test('passes with a torn last line, and says so', async () => {
    const placed = await journal()
    writeFileSync(placed.path, '{"seq":5', { flag: 'a' })
    expect((await findingOf('journal-sound', placed)).detail).toContain('torn')
  })

  test('is skipped without a state directory', async () => {
    expect(await findingOf('journal-sound', place())).toMatchObject({ status: 'skip' })
  })
})

test('journal-exported fails once the marks were exported', async () => {
  const placed = await journal()
  expect(await findingOf('journal-exported', placed)).toMatchObject({ status: 'pass' })
  placed.change((store) => {
    store.bury()
  })
  expect(await findingOf('journal-exported', placed)).toMatchObject({ status: 'fail' })
})

test('marks-complete fails for a kind and a chain without marks, and names them', async () => {
  const placed = await journal()
  expect(await findingOf('marks-complete', placed)).toMatchObject({ status: 'pass' })
  const more = `chains: [mainnet, ghostnet]\n${BAKER.replace(`${TZ3}:`, `${TZ1}: { allowed_ops: [0x11], chains: [mainnet] }, ${TZ3}:`)}`
  writeFileSync(placed.config, more)
  expect(await findingOf('marks-complete', placed)).toMatchObject({
    status: 'fail',
    detail: `no mark for block of ${TZ1} on mainnet; block, preattestation, attestation of ${TZ3} on ghostnet: refused as no-mark`,
    remedy: expect.stringContaining('marks seed') as string,
  })
})

test('marks-level-zero warns of a mark at level 0, until it is raised', async () => {
  const placed = await journal(0)
  const finding = await findingOf('marks-level-zero', placed)
  expect(finding).toMatchObject({
    status: 'warn',
    detail: expect.stringContaining(`block, preattestation, attestation of ${TZ3}`) as string,
  })
  placed.change((store) => {
    for (const mark of store.marks()) store.raise({ ...mark, level: 1, round: 0 })
  })
  expect(await findingOf('marks-level-zero', placed)).toMatchObject({ status: 'pass' })
})

test('keys-quarantined fails for a configured key in quarantine, until it is let go', async () => {
  const placed = await journal()
  placed.change((store) => {
    store.quarantine(KEY, 'ab'.repeat(32))
  })
  expect(await findingOf('keys-quarantined', placed)).toMatchObject({
    status: 'fail',
    remedy: expect.stringContaining(`clear-quarantine --key ${TZ3}`) as string,
  })
  placed.change((store) => {
    store.clearQuarantine(KEY)
  })
  expect(await findingOf('keys-quarantined', placed)).toMatchObject({ status: 'pass' })
})

test('the journal may be read while its owner has it', async () => {
  const placed = await journal()
  const store = MarksJournal.open({ directory: placed.stateDir, maxLevelGap: 'off' })
  try {
    expect(await findingOf('journal-sound', placed)).toMatchObject({ status: 'pass' })
  } finally {
    store.close()
  }
})
