import { chmodSync, existsSync, readdirSync, statfsSync } from 'node:fs'
import { describe, expect, test, vi } from 'vitest'
import { judgeFileSystem, judgeSpace, judgeStateDirectory } from '../../../src/cli/doctor/checks/state.js'
import { judgeSync, measureSync } from '../../../src/cli/doctor/checks/sync-time.js'
import { init } from '../../../src/cli/init.js'
import { doctorAsNobody, findingOf, place, plantedHost, type Tree } from './support.js'

// some of these start the compiled program as another user
vi.setConfig({ testTimeout: 60_000 })

/** A place with a state directory. */
async function made(parent?: string) {
  const placed = place(undefined, parent)
  await init(
    { config: placed.config, stateDir: placed.stateDir, level: 100 },
    { out: () => undefined, err: () => undefined },
  )
  return placed
}

const TMPFS = 0x01021994
const hasTmpfs = existsSync('/dev/shm') && statfsSync('/dev/shm').type === TMPFS

describe('state-directory', () => {
  test('fails where there is none, with the command that makes it', async () => {
    const placed = place()
    expect(await findingOf('state-directory', placed)).toMatchObject({
      status: 'fail',
      remedy: expect.stringContaining('tezio-bridge init') as string,
    })
    expect(existsSync(placed.stateDir)).toBe(false)
  })

  test.each([
    [0o777, 'fail'],
    [0o770, 'fail'],
    [0o750, 'warn'],
    [0o705, 'warn'],
    [0o700, 'pass'],
  ])('a real directory of mode %o', async (mode, status) => {
    const placed = await made()
    chmodSync(placed.stateDir, mode)
    expect(await findingOf('state-directory', placed)).toMatchObject({ status })
  })

  test('fails where a file stands in its place', async () => {
    const { config } = place()
    expect(await findingOf('state-directory', { config, stateDir: config })).toMatchObject({ status: 'fail' })
  })

  const facts = {
    ...{
      outcome: 'there' as const,
      directory: '/state',
      isDirectory: true,
      uid: 990,
      owner: 'tezio',
      mode: 0o700,
    },
    ...{ fileSystem: 0xef53, freeBytes: 1e12, freeInodes: 1e6 },
  }
  const accounts: Tree = { '/etc/passwd': 'tezio:x:990:990::/:/bin/sh\nbob:x:1000:1000::/:/bin/sh' }
  const judged = (uid: number, daemonUid?: number) =>
    judgeStateDirectory(facts, plantedHost(accounts, [], { identity: { uid, gids: [uid] } }), daemonUid)

  test('warns where another user runs the daemon or this, and names both', () => {
    expect(judged(1000)).toMatchObject({ status: 'warn', detail: '/state belongs to tezio, and this is bob' })
    expect(judged(990, 1000)).toMatchObject({
      status: 'warn',
      detail: '/state belongs to tezio, and the daemon runs as bob',
    })
    expect(judged(1000, 990)).toMatchObject({ status: 'pass' })
    expect(judged(990)).toMatchObject({ status: 'pass' })
    expect(judged(0)).toMatchObject({ status: 'pass' })
  })
})

describe('state-file-system', () => {
  test.skipIf(!hasTmpfs)(
    'fails on a real tmpfs, where a restart forgets the marks (needs /dev/shm)',
    async () => {
      const finding = await findingOf('state-file-system', await made('/dev/shm'))
      expect(finding).toMatchObject({ status: 'fail', detail: expect.stringContaining('tmpfs') as string })
    },
  )

  test.each([
    [0xef53, 'pass'],
    [0x12345678, 'pass'],
    [0x858458f6, 'fail'],
    [0x4d44, 'fail'],
    [0x6969, 'warn'],
    [0x794c7630, 'warn'],
    [0x01021997, 'warn'],
    [0x65735546, 'warn'],
  ])('file system %i', (fileSystem, status) => {
    const facts = {
      outcome: 'there',
      directory: '/s',
      isDirectory: true,
      uid: 0,
      owner: '',
      mode: 0o700,
    } as const
    expect(judgeFileSystem({ ...facts, fileSystem, freeBytes: 0, freeInodes: 0 })).toMatchObject({ status })
  })
})

describe('state-space', () => {
  const MIB = 1024 * 1024
  test.each([
    [63 * MIB, 1e6, 'fail'],
    [64 * MIB, 1e6, 'warn'],
    [2000 * MIB, 15, 'fail'],
    [2000 * MIB, 999, 'warn'],
    [2000 * MIB, 1000, 'pass'],
    [2000 * MIB, undefined, 'pass'],
  ])('%i bytes and %s inodes: %s', (freeBytes, freeInodes, status) => {
    expect(judgeSpace({ freeBytes, freeInodes, directory: '/s' })).toMatchObject({ status })
  })

  test('tells what the file system of the real directory has', async () => {
    expect((await findingOf('state-space', await made())).detail).toMatch(/^\d+ MiB and \d+ inodes free/)
  })
})

describe('state-sync-time', () => {
  test('measures real syncs and leaves nothing behind', async () => {
    const placed = await made()
    const before = readdirSync(placed.stateDir)
    expect((await findingOf('state-sync-time', placed)).detail).toMatch(
      /median \d+\.\d ms, at most \d+\.\d ms, of 20/,
    )
    expect(readdirSync(placed.stateDir)).toEqual(before)
  })

  test('leaves nothing behind when it is given up', async () => {
    const { stateDir } = await made()
    const before = readdirSync(stateDir)
    await expect(measureSync(stateDir, AbortSignal.abort(new Error('stopped')))).rejects.toThrow('stopped')
    expect(readdirSync(stateDir)).toEqual(before)
  })

  test('is judged by the middle: above 50 ms is a warning, above 500 ms fails', () => {
    expect(judgeSync([1, 50, 900])).toMatchObject({ status: 'pass' })
    expect(judgeSync([1, 50.1, 900])).toMatchObject({ status: 'warn' })
    expect(judgeSync([1, 500.1, 900])).toMatchObject({
      status: 'fail',
      detail: 'median 500.1 ms, at most 900.0 ms, of 3 syncs: too slow to bake with',
    })
  })

  test.skipIf(!existsSync('/proc/self'))('fails where nothing can be written (needs /proc)', async () => {
    const { config } = place()
    // /proc takes no new file from anybody, root included
    expect(await findingOf('state-sync-time', { config, stateDir: '/proc/self' })).toMatchObject({
      status: 'fail',
    })
  })
})

test.skipIf(process.getuid?.() !== 0)(
  'a user who may not look into the state directory is told whose it is, and nothing crashes (needs root)',
  async () => {
    const placed = await made()
    chmodSync(placed.folder, 0o755)
    chmodSync(placed.config, 0o644)
    const of = await doctorAsNobody(placed.folder, '--config', placed.config, '--state-dir', placed.stateDir)
    expect(of('state-directory')).toMatchObject({
      status: 'warn',
      detail: `${placed.stateDir} belongs to root, and this is nobody`,
    })
    for (const id of ['state-sync-time', 'journal-sound', 'marks-complete', 'board-answers']) {
      expect(of(id)).toMatchObject({ status: 'skip' })
    }
    expect(of('daemon-runs')).toMatchObject({
      status: 'fail',
      remedy: expect.stringContaining('as root') as string,
    })
  },
)
