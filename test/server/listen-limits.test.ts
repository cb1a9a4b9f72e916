import { expect, it } from 'vitest'
import { testBridge } from './fixture.js'
import { RawClient, serve } from './raw-client.js'

it('F37 a slow client is cut off within seconds, unless it is said otherwise', async () => {
  const { app } = testBridge()
  const { port } = await serve(app)
  const client = await RawClient.open(port)
  const startedAt = performance.now()
  await client.write('GET / HTTP/1.1\r\n')
  await client.closed
  expect(performance.now() - startedAt).toBeLessThan(9_000)
  expect(client.received).toContain('malformed-body')
})
