import { Agent, request } from 'node:http'

/**
 * One request; resolves with the body. Rejects when the status is another than `expected`.
 * `isChunked` sends a body as Octez does, without its length. Without an `agent` the connection is a new one.
 */
export function ask(port, method, path, { body, agent = false, isChunked = false, expected = 200 } = {}) {
  return new Promise((resolve, reject) => {
    const headers = body === undefined ? {} : { 'content-type': 'application/json' }
    if (isChunked) headers['transfer-encoding'] = 'chunked'
    else if (body !== undefined) headers['content-length'] = Buffer.byteLength(body)
    const asked = request({ host: '127.0.0.1', port, method, path, headers, agent }, (response) => {
      const chunks = []
      response.on('data', (chunk) => chunks.push(chunk))
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString()
        if (response.statusCode === expected) resolve(text)
        else reject(new Error(`${method} ${path}: ${response.statusCode} ${text}`))
      })
      response.on('error', reject)
    })
    asked.on('error', reject)
    asked.end(body)
  })
}

const hexText = (payload) => JSON.stringify(Buffer.from(payload).toString('hex'))

/** What an Octez baker sends for a signature (`client_keys.ml:725-750`): two requests, each on a connection of its own. */
export async function octezSequence({ port }, key, payload) {
  await ask(port, 'GET', '/authorized_keys')
  await octezSign({ port }, key, payload)
}

/** The second of them alone; `expected` is its status. */
export function octezSign({ port }, key, payload, expected = 200) {
  const body = `${hexText(payload)}\n`
  return ask(port, 'POST', `/keys/${key}?version=3`, { body, isChunked: true, expected })
}

/** What Taquito's RemoteSigner sends for a signature: two requests on a connection that stays open. */
export function taquitoClient({ port }) {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  return {
    sign: async (key, payload) => {
      await ask(port, 'POST', `/keys/${key}`, { body: hexText(payload), agent })
      await ask(port, 'GET', `/keys/${key}`, { agent })
    },
    close: () => {
      agent.destroy()
    },
  }
}
