import { Agent, request } from 'node:http'
import { expect, onTestFinished, test } from 'vitest'
import type { App } from '../../src/server/index.js'
import { gate } from './fixture.js'
import { serve } from './raw-client.js'

/** Answers with `text`, when it may. */
const saying = (text: string, when: Promise<void> = Promise.resolve()): App => ({
  fetch: async () => {
    await when
    return new Response(text)
  },
})

test('a replaced app gets the next request, over the same connection; a request in hand ends with the app it met', async () => {
  const held = gate()
  const { listener, url, sockets } = await serve(saying('first'))
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  onTestFinished(() => {
    agent.destroy()
  })
  const ask = () =>
    new Promise<string>((resolve, reject) => {
      const asked = request(url, { agent }, (response) => {
        response.setEncoding('utf8')
        let text = ''
        response.on('data', (chunk: string) => (text += chunk))
        response.on('end', () => {
          resolve(text)
        })
      })
      asked.on('error', reject)
      asked.end()
    })
  expect(await ask()).toBe('first')
  let wasMet = () => {}
  const met = new Promise<void>((resolve) => {
    wasMet = resolve
  })
  const slow = saying('slow', held.passed)
  listener.replaceApp({
    fetch: (request, env) => {
      wasMet()
      return slow.fetch(request, env)
    },
  })
  const inHand = ask()
  await met
  listener.replaceApp(saying('third'))
  held.open()
  expect(await inHand).toBe('slow')
  expect(await ask()).toBe('third')
  expect(sockets.size).toBe(1)
})
