import { createServer } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { judgeListener } from '../../../src/cli/doctor/checks/listeners.js'
import { listenersOn } from '../../../src/cli/host/index.js'
import { BAKER, findingOf, place, plantedHost, thisHost } from './support.js'

/** A configuration that listens at an address. */
const listening = (server: string, admin = '127.0.0.1:0') =>
  place(`${BAKER}server: { listen: "${server}" }\nadmin: { listen: "${admin}" }\n`)

/** A listener of this process. */
function occupied(host: string): Promise<{ readonly port: number; readonly free: () => Promise<void> }> {
  const server = createServer()
  const free = () =>
    new Promise<void>((resolve) =>
      server.close(() => {
        resolve()
      }),
    )
  onTestFinished(free)
  return new Promise((resolve) => {
    server.listen(0, host, () => {
      const address = server.address()
      if (address !== null && typeof address === 'object') resolve({ port: address.port, free })
    })
  })
}

describe.each([
  ['signer-address', (address: string) => listening(address)],
  ['admin-address', (address: string) => listening('127.0.0.1:0', address)],
])('%s', (id, at) => {
  test('fails while another program holds it, names that program, and passes when it is free', async () => {
    const { port, free } = await occupied('127.0.0.1')
    const placed = at(`127.0.0.1:${port}`)
    const finding = await findingOf(id, placed)
    expect(finding).toMatchObject({
      status: 'fail',
      detail: expect.stringContaining(`(process ${process.pid})`) as string,
    })
    await free()
    expect(await findingOf(id, placed)).toMatchObject({ status: 'pass' })
  })

  test('fails while another program holds every address', async () => {
    const { port } = await occupied('0.0.0.0')
    expect(await findingOf(id, at(`127.0.0.1:${port}`))).toMatchObject({ status: 'fail' })
  })

  test('fails for an address that this machine has not', async () => {
    expect(await findingOf(id, at('192.0.2.1:7000'))).toMatchObject({
      status: 'fail',
      detail: '192.0.2.1 is no address of this machine',
    })
  })

  test('passes for any free port', async () => {
    expect(await findingOf(id, at('127.0.0.1:0'))).toMatchObject({ status: 'pass' })
  })
})

const HEAD =
  '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode'
const row = (local: string, state: string, uid: number, inode: number) =>
  `   0: ${local} 00000000:0000 ${state} 00000000:00000000 00:00000000 00000000  ${uid}        0 ${inode} 1 0 100 0 0 10 0`
const tables = {
  '/proc/net/tcp': [HEAD, row('0100007F:1A4C', '0A', 1000, 41), row('0100007F:1A4D', '01', 1000, 42)].join(
    '\n',
  ),
  '/proc/net/tcp6': [HEAD, row('00000000000000000000000001000000:1A4C', '0A', 0, 43)].join('\n'),
  '/proc/77/comm': 'nginx',
  '/proc/77/fd/5': '-> socket:[43]',
}

describe('the system’s tables', () => {
  test('tell addresses, users and programs; a connection is no listener', () => {
    const host = plantedHost(tables)
    expect(listenersOn(host, 0x1a4c)).toEqual([
      { address: '127.0.0.1', port: 6732, uid: 1000, owner: undefined },
      { address: '::1', port: 6732, uid: 0, owner: { pid: 77, name: 'nginx' } },
    ])
    expect(listenersOn(host, 0x1a4d)).toEqual([])
  })

  test('a program that this user may not look at is told as its user’s', async () => {
    const host = plantedHost({ ...tables, '/etc/passwd': 'bob:x:1000:1000::/:/bin/sh' })
    const finding = await findingOf('signer-address', listening('127.0.0.1:6732'), host)
    expect(finding).toMatchObject({
      status: 'fail',
      detail: '127.0.0.1:6732 is held by a process of bob, which this user may not look at',
    })
    expect(await findingOf('signer-address', listening('[::1]:6732'), host)).toMatchObject({
      detail: '[::1]:6732 is held by nginx (process 77)',
    })
  })
})

test('a port below the first free one is for root alone', () => {
  const facts = { listeners: [], own: [], firstFreePort: 1024 }
  const judged = (port: number, uid: number) =>
    judgeListener(
      { ...facts, listen: { host: '127.0.0.1', port } },
      undefined,
      thisHost([], { identity: { uid, gids: [] } }),
    ).status
  expect([judged(1023, 1000), judged(1024, 1000), judged(1023, 0)]).toEqual(['fail', 'pass', 'pass'])
})

describe('listener-exposure', () => {
  const found = async (text: string) => (await findingOf('listener-exposure', place(text))).status
  const open = `server: { listen: "0.0.0.0:7001" }\n${BAKER}`

  test('warns where any machine may ask, or others may without authentication, or reach the admin pages', async () => {
    expect(await found(`security: { remote_ip_check: false }\n${open}`)).toBe('warn')
    expect(await found(`allowed_ips: ['0.0.0.0/0']\n${open}`)).toBe('warn')
    expect(await found(`allowed_ips: ['10.0.0.7']\n${open}`)).toBe('warn')
    expect(await found(`admin: { listen: "0.0.0.0:7002" }\n${BAKER}`)).toBe('warn')
  })

  test('passes on loopback, with named machines that authenticate, and with no machine but this one', async () => {
    const authenticated = open.replace(
      'policy: {',
      'policy: { auth_key: { pkh: tz3QaGkVCH9iVy4Rh7fQJobiQnc4yJpQKoMJ },',
    )
    expect(await found(BAKER)).toBe('pass')
    expect(await found(`allowed_ips: ['10.0.0.7']\n${authenticated}`)).toBe('pass')
    expect(await found(open)).toBe('pass')
  })
})
