import { spawnSync } from 'node:child_process'
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test, vi } from 'vitest'
import { DynamoDbTable, type DynamoDbEvent } from '../../../src/shared-marks/dynamodb/index.js'
import { loadSdk } from '../../../src/shared-marks/dynamodb/load-sdk.js'
import { digestOf, MAINNET, signatureOf, TZ1, wanted } from '../../policy/fixture.js'
import { cut, cutAfter, Front, pass, say, sayError, silence, type Misdeed } from './front.js'
import { LocalDynamoDb } from './local-dynamodb.js'
import { openTable, SECRETS, stateErrorFrom, stubCredentials, troubleFrom } from './open-table.js'

const PLACE = { chain: MAINNET, key: TZ1, kind: 'attestation' } as const
const MARK = `Endorsement_${MAINNET}_${TZ1}`

let dynamoDb: LocalDynamoDb
let count = 0
let table: string
let front: Front
beforeAll(async () => {
  dynamoDb = await LocalDynamoDb.start()
})
afterAll(() => dynamoDb.close())
beforeEach(async () => {
  table = `signer-${++count}`
  await dynamoDb.createTable(table)
  front = await Front.start(dynamoDb.port)
  onTestFinished(() => front.close())
})

/** A table with a mark at level 10, asked through `front`. */
async function behindFront(options: Parameters<typeof openTable>[1] = {}): Promise<DynamoDbTable> {
  const opened = await openTable(front.url, { table, ...options })
  await opened.seed([{ ...PLACE, level: 10, round: 0 }])
  front.operations.length = 0
  return opened
}

test('a raise whose answer was lost is known as its own on the next attempt', async () => {
  const events: DynamoDbEvent[] = []
  const opened = await behindFront({ onEvent: (event) => events.push(event) })
  front.misdeeds.push(cutAfter)
  expect(await opened.raise(wanted(11), undefined, 100)).toMatchObject({
    raised: true,
    stands: { level: 11, digest: digestOf(1) },
  })
  expect(front.operations).toEqual(['UpdateItem', 'UpdateItem'])
  expect(events).toMatchObject([{ event: 'dynamodb.asked-again', attempts: 2 }])
})

test('a raise whose answer was lost, and above which another host raised since, did not raise what stands', async () => {
  const opened = await behindFront()
  const other = await openTable(dynamoDb.url, { table, host: 'host-b' })
  front.misdeeds.push(async (forward, response) => {
    await forward()
    await other.raise(wanted(12, 0, 2), undefined, 100)
    response.destroy()
  })
  expect(await opened.raise(wanted(11), undefined, 100)).toMatchObject({
    raised: false,
    stands: { level: 12, digest: digestOf(2) },
  })
})

test('a raise that never arrived is sent again, and does not win against what another host raised meanwhile', async () => {
  const opened = await behindFront()
  const other = await openTable(dynamoDb.url, { table, host: 'host-b' })
  front.misdeeds.push(async (_, response) => {
    await other.raise(wanted(11, 0, 2), undefined, 100)
    response.destroy()
  })
  expect(await opened.raise(wanted(11), undefined, 100)).toMatchObject({
    raised: false,
    stands: { level: 11, digest: digestOf(2) },
  })
})

test('a seed, a raise by hand, an import and a release whose answers were lost are told as done', async () => {
  const opened = await behindFront()
  const block = { ...PLACE, kind: 'block' } as const
  front.misdeeds.push(cutAfter)
  expect(await opened.seed([{ ...block, level: 3, round: 0 }])).toHaveLength(1)
  front.misdeeds.push(pass, cutAfter)
  expect(await opened.raiseByHand({ ...block, level: 4, round: 0 })).toMatchObject({
    outcome: 'raised',
    from: { level: 3 },
  })
  front.misdeeds.push(cutAfter)
  expect(
    await opened.raiseTo({ ...block, level: 5, round: 0, digest: digestOf(3), signature: undefined }),
  ).toBe(true)
  await opened.quarantine(TZ1, digestOf(9))
  front.misdeeds.push(pass, cutAfter)
  expect(await opened.clearQuarantine(TZ1)).toBe(true)
})

test('a stalled connection is given up, and a new one asked, within the time of the raise', async () => {
  const opened = await behindFront({ timeoutMs: 3000 })
  front.misdeeds.push(silence)
  expect(await opened.raise(wanted(11), undefined, 100)).toMatchObject({ raised: true })
  expect(front.connections).toBeGreaterThanOrEqual(2)
})

test('a service that never answers costs its time and no more, and nothing is sent after it', async () => {
  const opened = await behindFront({ timeoutMs: 400 })
  front.always = silence
  const before = performance.now()
  const error = await stateErrorFrom(opened.raise(wanted(11), undefined, 100))
  expect(performance.now() - before).toBeLessThan(400 + 2000)
  expect(error.code).toBe('marks-unavailable')
  expect(error.message).toMatch(/within 400 ms/)
  await front.settled()
  const asked = front.bodies.length
  front.always = pass
  // a later answer shows that what was given up stayed given up
  expect(await opened.raise(wanted(11, 0, 2), undefined, 100)).toMatchObject({ raised: true })
  expect(front.bodies.slice(asked).filter((body) => body.includes(digestOf(1)))).toEqual([])
})

test('the deadline holds while the SDK waits between its attempts', async () => {
  let fire: () => void = () => undefined
  const clock = {
    now: () => 0,
    after: (_: number, action: () => void) => {
      fire = action
      return () => undefined
    },
  }
  const opened = await behindFront({ clock, timeoutMs: 30_000 })
  front.misdeeds.push(say(503, '{}'))
  front.always = say(503, '{}', { 'x-amz-retry-after': '20000' })
  const raised = stateErrorFrom(opened.raise(wanted(11), undefined, 100))
  await front.served(2)
  await front.settled()
  fire()
  expect((await raised).message).toMatch(/no answer that counts within 30000 ms: it failed with status 503/)
})

test('a service that throttles for all the time there is is said to throttle', async () => {
  const opened = await behindFront({ timeoutMs: 400 })
  front.always = sayError(400, 'ThrottlingException')
  expect((await stateErrorFrom(opened.raise(wanted(11), undefined, 100))).message).toMatch(
    /throttles requests \(ThrottlingException\)/,
  )
})

test('closing gives up what is asked, and asks nothing more', async () => {
  const opened = await behindFront()
  front.always = silence
  const asked = stateErrorFrom(opened.raise(wanted(11), undefined, 100))
  await front.served(1)
  await opened.close()
  expect((await asked).message).toContain('this host has closed it')
  await front.settled()
  expect((await stateErrorFrom(opened.read())).message).toContain('this host has closed it')
  expect(front.operations).toEqual(['UpdateItem'])
})

const SIGNED_HEADERS = `The Canonical String should have been x-amz-security-token:${SECRETS[2]} ${SECRETS[0]}`
const NAMED: readonly (readonly [what: string, misdeed: Misdeed, text: RegExp])[] = [
  ['a refused connection', cut, /cut off \(ECONNRESET\); ask again/],
  ['status 500', say(500, '{}'), /failed with status 500.*asking again/],
  [
    'an internal error',
    sayError(500, 'InternalServerError'),
    /failed with status 500 \(InternalServerError\)/,
  ],
  ['status 503 without JSON', say(503, '<html>busy</html>'), /./],
  [
    'no capacity',
    sayError(400, 'ProvisionedThroughputExceededException'),
    /no capacity left.*on-demand capacity/,
  ],
  ['throttling', sayError(400, 'ThrottlingException'), /throttles requests.*on-demand capacity/],
  ['no such table', sayError(400, 'ResourceNotFoundException'), /no such table.*create it/],
  ['refused access', sayError(400, 'AccessDeniedException'), /refused the access.*give the role the rights/],
  [
    'unknown credentials',
    sayError(400, 'UnrecognizedClientException', SIGNED_HEADERS),
    /does not know the credentials.*mend the credentials/,
  ],
  ['old credentials', sayError(400, 'ExpiredTokenException', SIGNED_HEADERS), /out of date.*mend/],
  [
    'a refused signature',
    sayError(400, 'InvalidSignatureException', SIGNED_HEADERS),
    /did not accept the signature.*clock of this host/,
  ],
  ['a clock far off', sayError(400, 'RequestTimeTooSkewed', SIGNED_HEADERS), /too far away.*NTP/],
  ['a region that conflicts', sayError(400, 'ReplicatedWriteConflictException'), /another region/],
  ['an error nobody knows', sayError(400, 'NewException\u001b[2J'), /failed with status 400 \(NewException/],
  ['an error called like a method', sayError(400, 'constructor'), /failed with status 400/],
  ['a page of something else', say(200, '<html>welcome</html>'), /not DynamoDB/],
  ['an answer of nothing', say(200, '{}'), /something else/],
  ['an answer of another shape', say(200, '{"Attributes":{"lastblock":7}}'), /./],
  ['a list', say(200, '[]'), /./],
]
test.each(NAMED)('%s is named, with its remedy, and raises nothing', async (_, misdeed, text) => {
  const opened = await behindFront({ timeoutMs: 1500 })
  front.always = misdeed
  const error = await stateErrorFrom(opened.raise(wanted(11), undefined, 100))
  expect(error.code).toBe('marks-unavailable')
  expect(error.message).toMatch(text)
  expect(error.message).toMatch(/^[\x20-\x7e]+$/)
  for (const secret of SECRETS) expect(error.message).not.toContain(secret)
  expect((await dynamoDb.item(table, MARK))['lastblock']).toEqual({ N: '10' })
})

test('an answer of success that is not to this very raise raises nothing', async () => {
  const opened = await behindFront()
  let old = ''
  front.misdeeds.push(async (forward, response) => {
    const { status, headers, body } = await forward()
    old = body.toString()
    response.writeHead(status, headers).end(body)
  })
  expect(await opened.raise(wanted(11), undefined, 100)).toMatchObject({ raised: true })
  front.always = say(200, old)
  expect((await stateErrorFrom(opened.raise(wanted(12), undefined, 100))).message).toContain('something else')
})

test('a host whose clock is wrong is put right by the time of the answer', async () => {
  const opened = await behindFront()
  const later = new Date(Date.now() + 3_600_000).toUTCString()
  const body = JSON.stringify({ __type: 'com.amazon.coral.service#RequestTimeTooSkewed', message: '' })
  front.misdeeds.push(say(403, body, { date: later }))
  expect(await opened.raise(wanted(11), undefined, 100)).toMatchObject({ raised: true })
})

test('after any fault the next raise is served', async () => {
  const opened = await behindFront({ timeoutMs: 600 })
  for (const [index, misdeed] of [silence, cut, say(500, '{}'), say(200, '{}')].entries()) {
    front.always = misdeed
    await stateErrorFrom(opened.raise(wanted(11 + index), undefined, 100))
    front.always = pass
    expect(await opened.raise(wanted(11 + index), undefined, 100)).toMatchObject({ raised: true })
  }
})

test('a port where nobody listens is named', async () => {
  const opened = await behindFront({ timeoutMs: 2000 })
  await front.close()
  const error = await stateErrorFrom(opened.check())
  expect(error).toMatchObject({ code: 'marks-unavailable' })
  expect(error.message).toContain('the connection was refused (ECONNREFUSED)')
})

test('a service whose certificate is not trusted is asked nothing, and named', async () => {
  const strange = await LocalDynamoDb.start({ ssl: true })
  onTestFinished(() => strange.close())
  const opened = await openTable(`https://127.0.0.1:${strange.port}`, { table })
  expect(await troubleFrom(opened.check())).toMatch(/^marks-unavailable: .*its certificate is not trusted/)
})

test('the SDK prints no warning about the version of Node', () => {
  const script =
    `const { DynamoDbTable } = await import('./dist/src/shared-marks/index.js');` +
    `await DynamoDbTable.open({ table: 'x', region: 'eu-west-1', timeoutMs: 100 })`
  // without what this process has set for itself by now
  const env = { ...process.env, AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: undefined }
  const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    encoding: 'utf8',
    env,
  })
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
})

test('a host without credentials is told so', async () => {
  stubCredentials(false)
  const opened = await DynamoDbTable.open({
    table,
    region: 'eu-west-1',
    endpoint: front.url,
    timeoutMs: 5000,
  })
  onTestFinished(() => opened.close())
  expect(await troubleFrom(opened.check())).toMatch(
    /^marks-unavailable: .*found no credentials \(CredentialsProviderError\); mend the credentials/,
  )
  expect(front.operations).toEqual([])
})

test('credentials that do not come are not waited for beyond the deadline', async () => {
  const credentials = await Front.start(0)
  onTestFinished(() => credentials.close())
  credentials.always = silence
  stubCredentials(false)
  vi.stubEnv('AWS_CONTAINER_CREDENTIALS_FULL_URI', `${credentials.url}/`)
  const opened = await DynamoDbTable.open({
    table,
    region: 'eu-west-1',
    endpoint: front.url,
    timeoutMs: 300,
  })
  onTestFinished(() => opened.close())
  const before = performance.now()
  const error = await stateErrorFrom(opened.raise(wanted(11), undefined, 100))
  expect(performance.now() - before).toBeLessThan(300 + 2000)
  expect(error.message).toContain('did not answer within 300 ms')
  expect(front.operations).toEqual([])
})

test('a table that is not there is named, at every operation', async () => {
  const opened = await openTable(dynamoDb.url, { table: 'elsewhere' })
  for (const ask of [
    () => opened.check(),
    () => opened.read(),
    () => opened.raise(wanted(1), undefined, 'off'),
    () => opened.keepSignature(wanted(1), signatureOf(1)),
    () => opened.quarantine(TZ1, digestOf(1)),
  ]) {
    expect(await troubleFrom(ask())).toMatch(
      /^marks-unavailable: .*the DynamoDB table elsewhere in eu-west-1/,
    )
  }
})

test('a host without the SDK is told what to install', async () => {
  const missing = () => import('@aws-sdk/' + 'client-of-nobody') as Promise<never>
  expect(await troubleFrom(loadSdk(missing))).toMatch(
    /^marks-unavailable: .*it is not installed; npm install @aws-sdk\/client-dynamodb/,
  )
})
