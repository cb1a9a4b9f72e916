import { isIP } from 'node:net'
import type { Notes } from './notes.js'

/** Where a signer listened: text as it stands in its settings. */
export type WrittenAddress = {
  readonly setting: string
  readonly host: string
  readonly port: string
}

/**
 * `HOST:PORT` as the configuration takes it; `undefined` for a host name, which is noted. No host at all means every
 * interface, for Go and for Octez.
 */
export function listenAddress(
  { setting, host, port }: WrittenAddress,
  key: string,
  notes: Notes,
): string | undefined {
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535) {
    notes.leave(setting, 'its port is not a number from 0 to 65535', `set ${key}`)
    return undefined
  }
  if (host === '' || host === '0.0.0.0' || host === '::') {
    const written = host === '::' ? '[::]' : '0.0.0.0'
    notes.assume(
      `${setting} listens on every interface, and so does ${key} ("${written}:${port}"); allowed_ips lets only this machine ask until it names the others.`,
    )
    return `${written}:${port}`
  }
  if (host === 'localhost') return `localhost:${port}`
  const family = isIP(host)
  if (family === 4 || family === 6) {
    if (!isOfThisMachine(host)) {
      notes.assume(`allowed_ips lets only this machine ask at ${key} until it names the others.`)
    }
    return family === 4 ? `${host}:${port}` : `[${host}]:${port}`
  }
  notes.leave(setting, 'it names a host, and a listener here takes an IP address or localhost', `set ${key}`)
  return undefined
}

/** The two parts of Go's `host:port`; `undefined` for other text. */
export function splitAddress(text: string): { readonly host: string; readonly port: string } | undefined {
  const [, bracketed, plain = '', port] = /^(?:\[([^[\]]*)\]|([^:]*)):(\d+)$/.exec(text) ?? []
  return port === undefined ? undefined : { host: bracketed ?? plain, port }
}

/** Whether an address is reached from this machine alone. */
export function isOfThisMachine(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'))
}
