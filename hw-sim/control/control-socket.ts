import { chmodSync, lstatSync, unlinkSync } from 'node:fs'
import { createServer } from 'node:http'
import { createConnection } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import { controlApp } from './control-app.js'
import type { ControlledDevice } from './controlled-device.js'

/** A control interface that is listening. */
export type ControlSocket = {
  /** Stops listening, cuts off who is connected, and removes the socket. */
  readonly close: () => Promise<void>
}

/** A socket's path where something else stands, or another simulator listens. */
export class ControlSocketError extends Error {
  override readonly name = 'ControlSocketError'
  readonly code = 'path-occupied'
}

/** Bounds on a connection, in ms, bytes and counts. */
const LIMITS = { headersTimeout: 5000, requestTimeout: 10_000, maxHeaderSize: 16_384 } as const
const MAX_CONNECTIONS = 64

/**
 * Serves the control interface of these devices on a Unix socket that only this user may open. A socket that nobody
 * listens on was left behind and is replaced. Rejects with a ControlSocketError, or with the system's error.
 */
export async function openControlSocket(
  path: string,
  devices: readonly ControlledDevice[],
): Promise<ControlSocket> {
  await removeStale(path)
  const { fetch } = controlApp(devices)
  const handle = getRequestListener((request) => fetch(request), { overrideGlobalObjects: false })
  const server = createServer(LIMITS, (request, response) => {
    void handle(request, response)
  })
  server.maxConnections = MAX_CONNECTIONS
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    const umask = process.umask(0o177) // the socket is made within this call, and never open to others
    try {
      server.listen(path, resolve)
    } finally {
      process.umask(umask)
    }
  })
  server.on('error', () => undefined) // a connection that could not be accepted: the client sees it
  chmodSync(path, 0o600)
  return {
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => {
          resolve()
        })
        server.closeAllConnections()
      }),
  }
}

async function removeStale(path: string): Promise<void> {
  const stats = lstatSync(path, { throwIfNoEntry: false })
  if (stats === undefined) return
  if (!stats.isSocket()) throw new ControlSocketError(`${path} exists and is not a socket`)
  if (await isAnswered(path)) throw new ControlSocketError(`${path}: another program listens there`)
  unlinkSync(path)
}

function isAnswered(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection(path)
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', (error) => {
      resolve(!('code' in error) || error.code !== 'ECONNREFUSED')
    })
  })
}
