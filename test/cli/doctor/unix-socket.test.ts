import { mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { judgeUnixSocket, type UnixSocketFacts } from '../../../src/cli/doctor/checks/unix-socket.js'
import { unixListenerOn } from '../../../src/cli/host/index.js'
import { BAKER, findingOf, place, plantedHost, thisHost } from './support.js'

const ID = 'unix-socket'
/** A configuration whose Unix socket is in its own folder. */
const listening = (unix: string) => place(`${BAKER}server: { unix: ${unix} }\n`)

test('is skipped where no Unix socket is configured', async () => {
  expect(await findingOf(ID, place())).toEqual({ status: 'skip', detail: 'server.unix is not configured' })
  expect(await findingOf('tcp-address', place())).toEqual({
    status: 'skip',
    detail: 'server.tcp is not configured',
  })
})

test('passes where the daemon could listen', async () => {
  const placed = listening('signer.sock')
  expect(await findingOf(ID, placed)).toEqual({
    status: 'pass',
    detail: `${join(placed.folder, 'signer.sock')} is free`,
  })
})

test('fails while another program listens there, and names it', async () => {
  const placed = listening('a b.sock')
  const server = createServer()
  onTestFinished(() => void server.close())
  await new Promise<void>((resolve) => server.listen(join(placed.folder, 'a b.sock'), resolve))
  expect(await findingOf(ID, placed)).toMatchObject({
    status: 'fail',
    detail: expect.stringContaining(`(process ${process.pid})`) as string,
  })
})

test('fails where the folder is not there, and where something else has the name', async () => {
  expect(await findingOf(ID, listening('no/such.sock'))).toMatchObject({
    status: 'fail',
    detail: expect.stringMatching(/^the folder of .*no\/such\.sock does not exist$/) as string,
  })
  const placed = listening('signer.sock')
  writeFileSync(join(placed.folder, 'signer.sock'), '')
  expect(await findingOf(ID, placed)).toMatchObject({
    status: 'fail',
    detail: expect.stringContaining('is no socket') as string,
  })
  const folder = listening('signer.sock')
  mkdirSync(join(folder.folder, 'signer.sock'))
  expect(await findingOf(ID, folder)).toMatchObject({ status: 'fail' })
})

test('fails for a group that is not there, or that this user is not in', async () => {
  const host = plantedHost({ '/etc/group': 'baker:x:4242:\nmine:x:4243:' }, [], {
    identity: { uid: 1000, gids: [4243] },
  })
  const finding = async (group: string) =>
    findingOf(ID, listening(`{ path: signer.sock, group: ${group} }`), host)
  expect(await finding('nobodys')).toMatchObject({
    status: 'fail',
    detail: 'there is no group "nobodys" here',
  })
  expect(await finding('baker')).toMatchObject({
    status: 'fail',
    detail: 'this user may not give the socket to the group baker',
  })
  expect(await finding('mine')).toMatchObject({ status: 'pass' })
})

const FACTS: UnixSocketFacts = {
  unix: { path: '/run/s.sock', mode: 0o600, group: undefined },
  listener: undefined,
  there: 'nothing',
  folder: 'writable',
}
const DAEMON = {
  outcome: 'answers',
  ...{ process: { pid: 7, name: 'node' }, devices: [{ name: 'board', state: 'ready' }], keys: [] },
} as const

test.each([
  [{ listener: { owner: { pid: 7, name: 'node' } }, there: 'socket' }, DAEMON, 'pass', 'held by the daemon'],
  [{ listener: { owner: { pid: 8, name: 'x' } }, there: 'socket' }, DAEMON, 'fail', 'held by x (process 8)'],
  [{ listener: { owner: undefined }, there: 'socket' }, DAEMON, 'pass', 'the daemon, as it seems'],
  [{ listener: { owner: undefined }, there: 'socket' }, undefined, 'fail', 'may not look at'],
  [{}, DAEMON, 'warn', 'the daemon runs and does not listen on /run/s.sock'],
  [{ there: 'socket' }, undefined, 'pass', 'was left behind and will be replaced'],
  [{ folder: 'not-writable' }, undefined, 'fail', 'this user may not make /run/s.sock'],
] as const)('judges %j', (facts, daemon, status, words) => {
  expect(judgeUnixSocket({ ...FACTS, ...facts }, daemon, thisHost())).toMatchObject({
    status,
    detail: expect.stringContaining(words) as string,
  })
})

test('the system’s table tells listeners from connections, whatever the path holds', () => {
  const head = 'Num       RefCount Protocol Flags    Type St Inode Path'
  const row = (flags: string, inode: number, path: string) =>
    `0000000000000000: 00000002 00000000 ${flags} 0001 01 ${inode} ${path}`
  const host = plantedHost({
    '/proc/net/unix': [
      ...[head, row('00000000', 41, '/run/a b.sock'), row('00010000', 42, '/run/a b.sock')],
      row('00000000', 43, '/run/c.sock'),
    ].join('\n'),
    '/proc/77/comm': 'node',
    '/proc/77/fd/5': '-> socket:[42]',
  })
  expect(unixListenerOn(host, '/run/a b.sock')).toEqual({ owner: { pid: 77, name: 'node' } })
  expect(unixListenerOn(host, '/run/c.sock')).toBeUndefined()
  expect(unixListenerOn(host, '/run/a')).toBeUndefined()
})
