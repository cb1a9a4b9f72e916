import type { Server } from 'node:net'

/** A TCP address; port 0 lets the system choose. */
export type TcpTarget = { readonly host: string; readonly port: number }

/** Binds to a TCP address. Rejects with the system's error when it cannot be had. */
export function bindTcp(server: Server, target: TcpTarget): Promise<void> {
  return bound(server, (onListening) => server.listen(target, onListening))
}

/** Binds with a file that only this user may open, whatever the process otherwise gives to the files it makes. */
export function bindForOwner(server: Server, path: string): Promise<void> {
  return bound(server, (onListening) => {
    const before = process.umask(0o177)
    try {
      // Node makes the file before it returns: nothing else of this program runs with the narrow mask.
      server.listen(path, onListening)
    } finally {
      process.umask(before)
    }
  })
}

/** Where a server is bound: `host:port`, or its path. */
export function addressOf(server: Server): string {
  const found = server.address()
  if (found === null || typeof found === 'string') return found ?? ''
  const { address, port, family } = found
  return family === 'IPv6' ? `[${address}]:${port}` : `${address}:${port}`
}

function bound(server: Server, listen: (onListening: () => void) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    listen(() => {
      server.off('error', reject)
      resolve()
    })
  })
}
