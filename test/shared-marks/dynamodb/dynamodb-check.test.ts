import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { DynamoDbTable, endpointFault } from '../../../src/shared-marks/dynamodb/index.js'
import { MAINNET, TZ1, wanted } from '../../policy/fixture.js'
import { Front, pass, sayError, type Misdeed } from './front.js'
import { LocalDynamoDb, tacoinfraItem, type TestItem } from './local-dynamodb.js'
import { openTable, stateErrorFrom, troubleFrom } from './open-table.js'

let dynamoDb: LocalDynamoDb
beforeAll(async () => {
  dynamoDb = await LocalDynamoDb.start()
})
afterAll(() => dynamoDb.close())

const MARK = `Baking_${MAINNET}_${TZ1}`

test('a table with the right key passes, and the check asks for every right and leaves nothing in it', async () => {
  await dynamoDb.createTable('right')
  const front = await Front.start(dynamoDb.port)
  onTestFinished(() => front.close())
  const table = await openTable(front.url, { table: 'right' })
  await table.check()
  expect([...new Set(front.operations)]).toEqual(['DescribeTable', 'UpdateItem', 'GetItem', 'Scan'])
  expect(await table.read()).toEqual({ marks: [], quarantines: [], spends: [] })
  await expect(dynamoDb.item('right', 'tezio-bridge/probe')).rejects.toThrow('no item')
})

const KEYS = [
  ['older versions of tacoinfra have', [{ AttributeName: 'type', KeyType: 'HASH' }], [['type', 'S']]],
  ['is a number', [{ AttributeName: 'sig_type', KeyType: 'HASH' }], [['sig_type', 'N']]],
  [
    'has a sort key too',
    [
      { AttributeName: 'sig_type', KeyType: 'HASH' },
      { AttributeName: 'lastblock', KeyType: 'RANGE' },
    ],
    [
      ['sig_type', 'S'],
      ['lastblock', 'N'],
    ],
  ],
] as const
test.each(KEYS)('a table whose key %s is refused, at the check and at a raise', async (_, schema, types) => {
  const name = `keys-${types.map(([key, type]) => `${key}-${type}`).join('-')}`
  await dynamoDb.createTable(name, {
    KeySchema: [...schema],
    AttributeDefinitions: types.map(([AttributeName, AttributeType]) => ({
      AttributeName,
      AttributeType,
    })),
  })
  const table = await openTable(dynamoDb.url, { table: name })
  expect(await troubleFrom(table.check())).toMatch(
    /^marks-schema: .*needs only the partition key sig_type, a string: create a table/,
  )
  expect(await troubleFrom(table.raise(wanted(1), undefined, 'off'))).toMatch(/^marks-schema: /)
})

/** Changes what DescribeTable says. */
function describing(change: Record<string, unknown>): Misdeed {
  return async (forward, response) => {
    const { status, body } = await forward()
    const { Table } = JSON.parse(body.toString()) as { readonly Table: object }
    response.writeHead(status, { 'content-type': 'application/x-amz-json-1.0' })
    response.end(JSON.stringify({ Table: { ...Table, ...change } }))
  }
}

async function checkWith(...misdeeds: readonly Misdeed[]): Promise<void> {
  await dynamoDb.createTable('described').catch(() => undefined) // by an earlier test
  const front = await Front.start(dynamoDb.port)
  onTestFinished(() => front.close())
  front.misdeeds.push(...misdeeds)
  const table = await openTable(front.url, { table: 'described' })
  return table.check()
}

const REPLICAS = [{ RegionName: 'us-east-1' }]
test.each([
  ['of the current version', { Replicas: REPLICAS }],
  ['that says it is eventually consistent', { Replicas: REPLICAS, MultiRegionConsistency: 'EVENTUAL' }],
  ['of the old version', { GlobalTableVersion: '2017.11.29' }],
])('a global table %s is refused: two regions could each raise a mark', async (_, change) => {
  expect(await troubleFrom(checkWith(describing(change)))).toMatch(/^marks-schema: .*global table/)
})

test('a global table with strong consistency over regions passes', async () => {
  const change = { Replicas: REPLICAS, MultiRegionConsistency: 'STRONG', GlobalTableVersion: '2019.11.21' }
  await checkWith(describing(change))
})

test.each(['CREATING', 'DELETING', 'INACCESSIBLE_ENCRYPTION_CREDENTIALS'])(
  'a table in status %s is not used',
  async (TableStatus) => {
    const trouble = await troubleFrom(checkWith(describing({ TableStatus })))
    expect(trouble).toMatch(new RegExp(`^marks-unavailable: .*${TableStatus}`))
  },
)

test('a table that is being changed is used', async () => {
  await checkWith(describing({ TableStatus: 'UPDATING' }))
})

test.each([
  ['describe the table', []],
  ['write items', [pass]],
  ['read one item', [pass, pass]],
  ['read all items', [pass, pass, pass]],
] as const)('a role that may not %s is told so by the check', async (_, before) => {
  expect(await troubleFrom(checkWith(...before, sayError(400, 'AccessDeniedException')))).toMatch(
    /^marks-unavailable: .*refused the access .*give the role the rights/,
  )
})

test.each<[string, TestItem]>([
  ['a level that is text', { lastblock: { S: '5' } }],
  ['a level that is no whole number', { lastblock: { N: '5.5' } }],
  ['a level beyond int32', { lastblock: { N: '2147483648' } }],
  ['a negative round', { lastround: { N: '-1' } }],
  ['no level', { lastblock: { NULL: true } }],
  [
    'a payload that is no digest',
    { tezio: { M: { level: { N: '5' }, round: { N: '0' }, at: { S: '' }, digest: { S: 'x' } } } },
  ],
  ['an attribute of ours that is something else', { tezio: { S: 'x' } }],
])('a mark with %s is named, and nothing is read around it', async (what, change) => {
  const name = `items-${what.replaceAll(/\W/g, '-')}`
  await dynamoDb.createTable(name)
  await dynamoDb.put(name, { ...tacoinfraItem(MARK, 5, 0), ...change })
  const table = await openTable(dynamoDb.url, { table: name })
  expect(await troubleFrom(table.read())).toMatch(new RegExp(`^marks-schema: .*${MARK}`))
})

test('items of somebody else are left alone, and one of a later version of ours is refused', async () => {
  await dynamoDb.createTable('mixed')
  const foreign = ['Mutex', `Baking_${MAINNET}`, `baking_${MAINNET}_${TZ1}`, `Ballot_${MAINNET}_${TZ1}`]
  for (const name of [...foreign, `Baking_mainnet_${TZ1}`, `Baking_${MAINNET}_tz1nobody`]) {
    await dynamoDb.put('mixed', { sig_type: { S: name } })
  }
  const table = await openTable(dynamoDb.url, { table: 'mixed' })
  expect(await table.read()).toEqual({ marks: [], quarantines: [], spends: [] })
  await dynamoDb.put('mixed', { sig_type: { S: 'tezio-bridge/plans' } })
  expect(await troubleFrom(table.read())).toMatch(/^marks-schema: .*tezio-bridge\/plans/)
})

test.each([
  ['ftp://127.0.0.1', /https:/],
  ['not a url', /https:/],
  ['https://user:secret@db.example', /no user/],
  ['https://db.example/path', /no path/],
  ['https://db.example?x=1', /no path/],
  ['http://db.example:8000', /on this host only/],
  ['http://127.0.0.1.example', /on this host only/],
])('the endpoint %s is refused', async (endpoint, text) => {
  expect(endpointFault(endpoint)).toMatch(text)
  const opened = DynamoDbTable.open({ table: 'x', region: 'eu-west-1', endpoint, timeoutMs: 100 })
  const { message } = await stateErrorFrom(opened)
  expect(message).toMatch(text)
  expect(message).not.toContain('secret')
})

test.each([
  'https://db.example',
  'https://db.example:8000/',
  'http://127.0.0.1:8000',
  'http://[::1]:8000',
  'http://localhost:8000',
])('the endpoint %s may be used', (endpoint) => {
  expect(endpointFault(endpoint)).toBeUndefined()
})
