import { join } from 'node:path'
import type { Config } from '../config/index.js'
import { listen, type App, type Listener, type ListeningAddress } from '../server/index.js'
import { CONTROL_SOCKET } from './control-socket.js'
import type { EventSink } from './event-sink.js'
import type { Log } from './log.js'
import type { ServedConfig } from './served-config.js'

/** The signer's HTTP listener, with TLS where it is configured. */
export function listenForClients(config: ServedConfig, app: App, onEvent: EventSink): Promise<Listener> {
  const { tls } = config.credentials
  return listen(app, config.server.listen, undefined, tls && { ...tls, onFailed: onEvent })
}

/** Tells where each listener is, under the name of its transport. */
export function logListening(listening: readonly ListeningAddress[], config: Config, log: Log): void {
  for (const { transport, address } of listening) {
    const protection = transport === 'http' ? transportOf(config) : {}
    log.write('info', {
      event: `${transport === 'http' ? 'server' : transport}.listening`,
      address,
      ...protection,
    })
  }
}

function transportOf({ server: { transport } }: Config) {
  return transport === 'plain' ? {} : { transport }
}

/** Without its control socket (a path over 107 bytes, say) the daemon signs all the same; only commands cannot ask it. */
export async function listenForControl(config: Config, log: Log, app: App): Promise<readonly Listener[]> {
  try {
    return [await listen(app, { path: join(config.stateDir, CONTROL_SOCKET) })]
  } catch (error) {
    log.write('error', {
      event: 'control.not-listening',
      reason: error instanceof Error ? error.message : String(error),
    })
    return []
  }
}
