import { dirname, resolve } from 'node:path'
import { isLoopback, listenText } from './addresses.js'
import type { Config, ListenAddress, TlsConfig } from './config.js'
import type { Findings } from './findings.js'
import type { FileContents } from './schema.js'

const TOKEN_HEADER = 'x-tezio-token'

/** How the signer's connections are protected, and where a client's token stands. The files are not opened here. */
export function readTransport(
  file: FileContents,
  configFile: string,
  listen: ListenAddress,
  findings: Findings,
): Pick<Config['server'], 'transport' | 'tls' | 'tokenHeader'> {
  const tls = readTls(file, configFile, findings)
  const tokens = Object.entries(file.policy?.clients ?? {}).filter(([, { token_file }]) => token_file)
  if (tls === undefined && tokens.length > 0 && !isLoopback(listen.host)) {
    const names = tokens.map(([name]) => name).join(', ')
    findings.warn(
      `server.listen ${listenText(listen)} is reached from other machines without server.tls: whoever listens on the way can take the token of ${names}.`,
    )
  }
  const transport = tls === undefined ? 'plain' : tls.clientCaFile === undefined ? 'tls' : 'mutual-tls'
  return { transport, tls, tokenHeader: file.server?.token_header ?? TOKEN_HEADER }
}

function readTls(file: FileContents, configFile: string, findings: Findings): TlsConfig | undefined {
  const tls = file.server?.tls
  if (!tls) return undefined
  const { cert, key, client_ca } = tls
  const remedy = 'name the file, or remove server.tls for a listener without TLS'
  if (cert === undefined)
    findings.refuse(['server', 'tls', 'cert'], `is missing, and TLS needs a certificate; ${remedy}`)
  if (key === undefined)
    findings.refuse(['server', 'tls', 'key'], `is missing, and TLS needs the certificate's key; ${remedy}`)
  if (cert === undefined || key === undefined) return undefined
  const at = (path: string) => resolve(dirname(configFile), path)
  return {
    certFile: at(cert),
    keyFile: at(key),
    clientCaFile: client_ca === undefined ? undefined : at(client_ca),
  }
}
