import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, it } from 'vitest'
import { block, vote } from '../tezos/build-payload.js'
import { ADDRESS, Bench, cli, sign } from './daemon.js'

const benches: Bench[] = []
afterEach(async () => {
  for (const bench of benches.splice(0)) await bench.close()
})

const CONFIG = `
server: { listen: "127.0.0.1:0" }
admin: { listen: "127.0.0.1:0" }
chains: [mainnet]
policy: { signing_keys: { ${ADDRESS.tz3}: { allowed_ops: [0x11, 0x12, 0x13] } } }
`

/** A bench whose marks begin at `level`. */
async function seeded(level: number): Promise<Bench> {
  const made = new Bench(CONFIG)
  benches.push(made)
  expect(await cli('init', ...made.options, '--level', String(level))).toMatchObject({ code: 0 })
  return made
}

const vectors = (name: string) => fileURLToPath(new URL(`../vectors/migration/${name}`, import.meta.url))

/** Payloads by kind at a level and round. */
const PAYLOADS = {
  block: (level: number, round: number) => block({ level, round, payloadRound: 0 }),
  preattestation: (level: number, round: number) => vote({ tag: 0x14, level, round }),
  attestation: (level: number, round: number) => vote({ tag: 0x15, level, round }),
}

type Kind = keyof typeof PAYLOADS

const importInto = (made: Bench, ...args: readonly string[]) =>
  cli('marks', 'import', ...made.options, ...args)

async function expectMarks(made: Bench, marks: readonly (readonly [Kind, number, number])[]): Promise<void> {
  const daemon = await made.started()
  const url = await daemon.url()
  for (const [kind, level, round] of marks) {
    const ask = (at: number, round: number) => sign(url, ADDRESS.tz3, PAYLOADS[kind](at, round))
    expect(await ask(level, round)).toMatchObject({ status: 409, code: 'conflicts-with-mark' })
    expect(await ask(level - 1, round + 5)).toMatchObject({ status: 409, code: 'below-mark' })
    if (round > 0) expect(await ask(level, round - 1)).toMatchObject({ status: 409, code: 'below-mark' })
    expect(await ask(level, round + 1)).toMatchObject({ status: 200 })
  }
}

describe('a baker who moves', () => {
  it('F12 from octez-signer goes on above its marks', async () => {
    const made = await seeded(9_000_000)
    const dry = await importInto(made, vectors('octez-signer'), '--dry-run')
    expect(dry.stdout).toContain('would be raised')
    const result = await importInto(made, vectors('octez-signer'), '--json')
    expect(JSON.parse(result.stdout)).toMatchObject({
      dryRun: false,
      raised: [{ kind: 'attestation' }, { kind: 'block' }, { kind: 'preattestation' }],
      left: [],
      unknown: [{ key: ADDRESS.tz1 }, { chain: 'NetXnHfVqm9iesp' }],
    })
    await expectMarks(made, [
      ['block', 9_000_100, 0],
      ['preattestation', 9_000_101, 2],
      ['attestation', 9_000_101, 1],
    ])
  })

  it('F12 from an octez-signer before version 23 goes on above its marks', async () => {
    const made = await seeded(1)
    expect(await importInto(made, vectors('octez-signer-22'))).toMatchObject({ code: 0 })
    await expectMarks(made, [
      ['block', 100, 0],
      ['preattestation', 101, 3],
      ['attestation', 102, 0],
    ])
  })

  it('F12 from Signatory goes on above its marks', async () => {
    const made = await seeded(9_000_000)
    const result = await importInto(made, vectors('watermark_v2/NetXdQprcVkpaWU.json'))
    expect(result).toMatchObject({ code: 0, stderr: '' })
    await expectMarks(made, [
      ['block', 9_000_200, 0],
      ['preattestation', 9_000_200, 4],
      ['attestation', 9_000_199, 0],
    ])
  })

  it('to another host takes the marks along, and the old host never signs again', async () => {
    const from = await seeded(50)
    const daemon = await from.started()
    const url = await daemon.url()
    const signed = vote({ tag: 0x15, level: 60, round: 1 })
    expect(await sign(url, ADDRESS.tz3, signed)).toMatchObject({ status: 200 })
    const file = join(from.folder, 'marks.json')
    const exportFrom = () => cli('marks', 'export', file, ...from.options)
    expect(await exportFrom()).toMatchObject({
      code: 78,
      stderr: expect.stringContaining('owned by process') as string,
    })
    expect(existsSync(file)).toBe(false)
    expect(await sign(url, ADDRESS.tz3, vote({ tag: 0x14, level: 60 }))).toMatchObject({ status: 200 })
    daemon.kill('SIGTERM')
    await daemon.exit

    expect(await exportFrom()).toMatchObject({ code: 0 })
    const text = readFileSync(file, 'utf8')
    expect(text).not.toContain('signature')
    expect(await exportFrom()).toMatchObject({ code: 74 })
    expect(readFileSync(file, 'utf8')).toBe(text)
    const second = join(from.folder, 'again.json')
    expect(await cli('marks', 'export', second, ...from.options)).toMatchObject({ code: 0 })
    expect(readFileSync(second, 'utf8')).toBe(text)

    const gone = from.start()
    expect(await gone.exit).toBe(78)
    expect(gone.stderr).toMatch(/state-exported|were exported at/)
    for (const command of [
      ['marks', 'raise', '--level', '999'],
      ['marks', 'seed', '--level', '999'],
      ['marks', 'import', file],
      ['init', '--level', '0'],
    ]) {
      expect(await cli(...command, ...from.options)).toMatchObject({ code: 78 })
    }

    const to = await seeded(55)
    expect(await importInto(to, file)).toMatchObject({ code: 0 })
    const next = await to.started()
    const ask = async (payload: Uint8Array) => sign(await next.url(), ADDRESS.tz3, payload)
    expect(await ask(vote({ tag: 0x15, level: 60, round: 1, slot: Uint8Array.of(9, 9) }))).toMatchObject({
      ...{ status: 409, code: 'conflicts-with-mark' },
    })
    expect(await ask(signed)).toMatchObject({ status: 200 })
    expect(await ask(vote({ tag: 0x14, level: 60 }))).toMatchObject({ status: 200 })
    expect(await ask(vote({ tag: 0x14, level: 59 }))).toMatchObject({ status: 409, code: 'below-mark' })
  })
})

describe('an import', () => {
  it('F12 that is refused changes nothing, and says which file and what', async () => {
    const made = await seeded(100)
    const journal = join(made.stateDir, 'marks.journal')
    const path = join(made.folder, 'block_high_watermarks')
    const write = (value: unknown) => {
      writeFileSync(path, typeof value === 'string' ? value : JSON.stringify(value))
    }
    const mark = { [ADDRESS.tz3]: { level: 500, round: 0 } }
    const attempt = async (...args: readonly string[]) => {
      const before = readFileSync(journal)
      const { code, stderr } = await importInto(made, path, ...args)
      expect(readFileSync(journal)).toEqual(before)
      return `${String(code)} ${stderr}`
    }
    write({ NetXdQprcVkpaWU: mark })
    expect(await attempt('--chain', 'ghostnet')).toMatch(/^78 .*there is no such mark in it/s)
    write({ NetXnHfVqm9iesp: mark })
    expect(await attempt()).toMatch(/^78 .*1 of keys, chains or kinds without a mark here/s)
    write({ NetXdQprcVkpaWU: { [ADDRESS.tz3]: { level: 99, round: 9 } } })
    expect(await attempt()).toMatch(/^78 .*1 as high here already, and none is ever lowered/s)
    write('{"NetXdQprcVkpaWU":')
    expect(await attempt()).toMatch(/^78 .*block_high_watermarks: line 1: it is not JSON/s)
    write(`{"NetXdQprcVkpaWU":${JSON.stringify(mark)},"NetXdQprcVkpaWU":{}}`)
    expect(await attempt()).toMatch(/^78 .*is there twice/s)
    write({ NetXdQprcVkpaWU: mark })
    const daemon = await made.started()
    expect(await attempt()).toMatch(/^78 .*owned by process/s)
    expect(await cli('marks', 'verify', ...made.options)).toMatchObject({ code: 0 })
    daemon.kill('SIGTERM')
    await daemon.exit
    expect(await importInto(made, path)).toMatchObject({ code: 0 })
  })
})

it('F4 marks verify names the segment and the line that is damaged, and ends with 78', async () => {
  const made = await seeded(1)
  const journal = join(made.stateDir, 'marks.journal')
  const text = readFileSync(journal, 'utf8')
  expect(await cli('marks', 'verify', ...made.options)).toMatchObject({ code: 0 })
  writeFileSync(journal, text.replace('"level":1,', '"level":0,'))
  expect(await cli('marks', 'verify', ...made.options)).toMatchObject({
    ...{ code: 78, stderr: expect.stringMatching(/marks\.journal: line 2: its checksum is wrong/) as string },
  })
  const json = await cli('marks', 'verify', ...made.options, '--json')
  expect(JSON.parse(json.stdout)).toMatchObject({ sound: false, problems: [{ name: 'marks.journal' }] })
})
