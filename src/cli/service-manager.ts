import { spawn } from 'node:child_process'
import type { Clock } from '../clock.js'
import type { Log } from './log.js'

/** systemd, or whatever else started the daemon and speaks its notification protocol (sd_notify). */
export type ServiceManager = {
  /** Tells that the daemon serves, with a line for `systemctl status`, and begins the watchdog's pings. */
  readonly ready: (status: string) => void
  /** Tells that the daemon stops; there are no more pings. */
  readonly stopping: () => void
}

export type ServiceManagerOptions = {
  /** Of it NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID are read. */
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly clock: Clock
  readonly log: Log
}

/**
 * Who is told how the daemon does; without NOTIFY_SOCKET nobody is, and nothing happens. A message that cannot be sent is
 * logged, the first time only, and is never fatal. Nothing waits for it to arrive.
 */
export function serviceManager({ environment, clock, log }: ServiceManagerOptions): ServiceManager {
  if (!environment['NOTIFY_SOCKET']) return { ready: () => undefined, stopping: () => undefined }
  const tell = teller(environment, log)
  const pingMs = watchdogMs(environment) / 2
  let cancel = () => {}
  // A timer of the loop that signs: when that is stuck, the pings stop.
  const ping = () => {
    tell(['WATCHDOG=1'])
    cancel = clock.after(pingMs, ping)
  }
  return {
    ready: (status) => {
      tell(['--ready', `--status=${status}`])
      if (pingMs > 0) cancel = clock.after(pingMs, ping)
    },
    stopping: () => {
      cancel()
      tell(['STOPPING=1'])
    },
  }
}

/** The program that comes with systemd: Node has no Unix datagram sockets (docs/decisions/0018-service-manager.md). */
const PROGRAM = 'systemd-notify'

function teller(
  env: Readonly<Record<string, string | undefined>>,
  log: Log,
): (args: readonly string[]) => void {
  let isTold = false
  const failed = (reason: string) => {
    if (isTold) return
    isTold = true
    const remedy = `${PROGRAM} has to be in PATH, and NOTIFY_SOCKET must lead to the service manager`
    log.write('warn', { event: 'service-manager.not-told', reason, remedy })
  }
  return (args) => {
    // its words, where it has any, go where ours go
    const child = spawn(PROGRAM, args, { env: { ...env }, stdio: ['ignore', 'ignore', 'inherit'] })
    child.on('error', (error) => {
      failed(error.message)
    })
    child.on('exit', (code, signal) => {
      if (code !== 0) failed(`${PROGRAM} ended with ${signal ?? `code ${code ?? 'unknown'}`}`)
    })
    // it waits until the service manager has read the message; this process may end before
    child.unref()
  }
}

/** Within what time a ping is expected; 0 where no watchdog runs, or where it is meant for another process. */
function watchdogMs({
  WATCHDOG_USEC: usec = '',
  WATCHDOG_PID: pid,
}: ServiceManagerOptions['environment']): number {
  if (pid !== undefined && pid !== String(process.pid)) return 0
  return /^[1-9]\d{0,15}$/.test(usec) ? Number(usec) / 1000 : 0
}
