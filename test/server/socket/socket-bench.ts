import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Socket } from 'node:net'
import { onTestFinished } from 'vitest'
import type { Clock } from '../../../src/clock.js'
import type { SocketListener, SocketService } from '../../../src/server/index.js'
import {
  listenOnSocket,
  SOCKET_LIMITS,
  type SocketLimits,
} from '../../../src/server/socket/socket-listener.js'
import { testBridge, type BridgeOptions, type TestBridge } from '../fixture.js'

/** Time that a test moves by hand. */
export class HandClock implements Clock {
  #now = 0
  readonly #timers = new Set<{ readonly at: number; readonly action: () => void }>()

  readonly now = () => this.#now

  readonly after = (ms: number, action: () => void) => {
    const timer = { at: this.#now + ms, action }
    this.#timers.add(timer)
    return () => void this.#timers.delete(timer)
  }

  /** Timers that are set. */
  get pending(): number {
    return this.#timers.size
  }

  advance(ms: number): void {
    this.#now += ms
    for (const timer of [...this.#timers].sort((left, right) => left.at - right.at)) {
      if (timer.at > this.#now || !this.#timers.delete(timer)) continue
      timer.action()
    }
  }
}

export type SocketBench = TestBridge & {
  readonly clock: HandClock
  readonly address: string
  readonly listener: SocketListener
  readonly service: SocketService
  /** The server's ends of the connections. */
  readonly serverSockets: () => readonly Socket[]
}

export const TRANSPORTS = ['unix', 'tcp'] as const

/** A listener of the socket protocol over the real policy, to the end of the test. Its time stands still. */
export async function socketBench(
  transport: (typeof TRANSPORTS)[number],
  options: BridgeOptions & { readonly limits?: Partial<SocketLimits> } = {},
): Promise<SocketBench> {
  const bridge = testBridge(options)
  const folder = mkdtempSync(join(tmpdir(), 'tezio-socket-'))
  const clock = new HandClock()
  const sockets = new Set<Socket>()
  // Node tells of each connection that a server of this process takes
  const onConnection = (message: unknown) => {
    sockets.add((message as { readonly socket: Socket }).socket)
  }
  subscribe('net.server.socket', onConnection)
  onTestFinished(() => {
    unsubscribe('net.server.socket', onConnection)
  })
  const service = {
    questions: bridge.questions,
    allowedPeers: options.accept?.allowedPeers ?? 'any',
  } as const
  const target =
    transport === 'unix'
      ? { path: join(folder, 'signer.sock'), mode: 0o600, gid: undefined }
      : { host: '127.0.0.1', port: 0 }
  const listener = await listenOnSocket(service, target, {
    clock,
    limits: { ...SOCKET_LIMITS, ...options.limits },
    onFault: (error) => bridge.faults.push(error),
    onRefused: (refused) => bridge.refusals.push(refused),
  })
  onTestFinished(async () => {
    const closed = listener.close(0)
    clock.advance(1)
    await closed
    rmSync(folder, { recursive: true })
  })
  return { ...bridge, clock, listener, service, address: listener.address, serverSockets: () => [...sockets] }
}
