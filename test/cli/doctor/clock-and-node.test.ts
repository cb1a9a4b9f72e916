import type { ServerResponse } from 'node:http'
import { describe, expect, onTestFinished, test } from 'vitest'
import { FakeNode, MAINNET_ID } from '../../octez/fake-node.js'
import { BAKER, findingOf, place, plantedHost, thisHost } from './support.js'

const NOW = Date.parse('2026-06-01T12:00:00Z')
const clock = thisHost([], { wallClock: () => NOW })

type Told = { readonly ageS?: number; readonly synced?: string; readonly chain?: string }

/** A node whose head is so old, by the clock of the test. */
async function node({ ageS = 3, synced = 'synced', chain = MAINNET_ID }: Told = {}) {
  const fake = await FakeNode.start(1234)
  onTestFinished(() => fake.close())
  fake.answer = (request, response: ServerResponse) => {
    const timestamp = new Date(NOW - ageS * 1000).toISOString()
    const isHead = request.url?.endsWith('/chains/main/blocks/head/header') === true
    const bootstrapped = synced === 'none' ? {} : { bootstrapped: true, sync_state: synced }
    response.end(JSON.stringify(isHead ? { chain_id: chain, level: 1234, timestamp } : bootstrapped))
  }
  return fake
}

async function found(id: string, told: Told = {}, options: { readonly config?: string } = {}) {
  return findingOf(id, { ...options, node: (await node(told)).rpc }, clock)
}

/** Where a node was. */
async function goneNode() {
  const fake = await FakeNode.start(1)
  const { rpc } = fake
  await fake.close()
  return rpc
}

describe('clock-synchronised', () => {
  const told = (answer: string | undefined, tree = {}) =>
    findingOf('clock-synchronised', {}, plantedHost(tree, [], { run: () => Promise.resolve(answer) }))

  test('warns where the system says no, and where nobody says', async () => {
    expect(await told('no\n')).toMatchObject({
      status: 'warn',
      remedy: expect.stringContaining('set-ntp') as string,
    })
    expect(await told(undefined)).toMatchObject({
      status: 'warn',
      detail: expect.stringContaining('nobody') as string,
    })
  })

  test('passes where timedatectl says yes, or systemd-timesyncd left its file', async () => {
    expect(await told('yes\n')).toMatchObject({ status: 'pass' })
    expect(await told(undefined, { '/run/systemd/timesync/synchronized': '' })).toMatchObject({
      status: 'pass',
    })
  })

  test('a tool that is not there, fails or hangs says nothing', async () => {
    const { run } = plantedHost({})
    expect(await run('no-such-tool-at-all', [])).toBeUndefined()
    expect(await run('false', [])).toBeUndefined()
    expect(await run('sleep', ['60'])).toBeUndefined()
    expect(await run('echo', ['yes'])).toBe('yes\n')
  })
})

describe('clock-node', () => {
  test.each([
    [-16, 'synced', 'fail'],
    [-16, 'unsynced', 'fail'],
    [-15, 'synced', 'pass'],
    [15, 'synced', 'pass'],
    [16, 'synced', 'warn'],
    [60, 'synced', 'warn'],
    [61, 'synced', 'fail'],
    [61, 'stuck', 'warn'],
    [61, 'none', 'warn'],
  ])('a head that is %i s old, of a node that says %s: %s', async (ageS, synced, status) => {
    expect(await found('clock-node', { ageS, synced })).toMatchObject({ status })
  })

  test('an old head is told as both: the clock ahead, or the node behind', async () => {
    const { detail } = await found('clock-node', { ageS: 600 })
    expect(detail).toMatch(/600 s old: this clock is ahead, or the node is behind/)
  })

  test('is skipped without a node', async () => {
    expect(await findingOf('clock-node', {})).toMatchObject({ status: 'skip' })
  })
})

describe('node-answers', () => {
  test('fails for a named node that is not there, and passes for one that is', async () => {
    const finding = await findingOf('node-answers', { node: await goneNode() })
    expect(finding).toMatchObject({
      status: 'fail',
      detail: expect.stringContaining('ECONNREFUSED') as string,
    })
    expect(await found('node-answers')).toMatchObject({ status: 'pass' })
  })

  test('a configured node that is not there is a warning where its silence allows, and fails where it refuses', async () => {
    const gone = await goneNode()
    const withCheck = (onError: string) =>
      place(`${BAKER}head_check: { rpc: "${gone}", on_error: ${onError} }\n`).config
    expect(await findingOf('node-answers', { config: withCheck('allow') })).toMatchObject({ status: 'warn' })
    expect(await findingOf('node-answers', { config: withCheck('refuse') })).toMatchObject({ status: 'fail' })
  })

  test.each<[string, (response: ServerResponse) => void]>([
    ['a page', (response) => response.end('<html>')],
    ['status 404', (response) => response.writeHead(404).end('{}')],
    [
      'a header without a time',
      (response) => response.end(JSON.stringify({ chain_id: MAINNET_ID, level: 1, timestamp: 'noon' })),
    ],
    ['a body without end', (response) => response.end('x'.repeat(1_000_000))],
  ])('%s is no answer', async (_, answer) => {
    const fake = await node()
    fake.answer = (_request, response) => {
      answer(response)
    }
    expect(await findingOf('node-answers', { node: fake.rpc })).toMatchObject({ status: 'fail' })
  })
})

test('node-chain fails for a node of a chain that no key signs for', async () => {
  const { config } = place()
  const finding = await found('node-chain', { chain: 'NetXnHfVqm9iesp' }, { config })
  expect(finding).toMatchObject({
    status: 'fail',
    detail: 'it is a node of ghostnet, and the keys sign for mainnet',
  })
  expect(await found('node-chain', {}, { config })).toMatchObject({ status: 'pass' })
  const both = place(`chains: [mainnet, ghostnet]\n${BAKER}`)
  expect(await found('node-chain', { chain: 'NetXnHfVqm9iesp' }, both)).toMatchObject({ status: 'pass' })
})

test('node-head warns of a node that has not caught up, or does not say', async () => {
  expect(await found('node-head', { synced: 'unsynced' })).toMatchObject({ status: 'warn' })
  expect(await found('node-head', { synced: 'none' })).toMatchObject({ status: 'warn' })
  expect(await found('node-head')).toMatchObject({ status: 'pass' })
})
