import { readFileSync, statSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import type { ConnectionOptions } from 'node:tls'
import type { Place } from './place.js'

/**
 * What Node's TLS has to do for a place; `false` without TLS. The modes mean what they mean in libpq, which is not what
 * `pg` makes of them in a connection string. Files are read each time, so that a new certificate counts from the next
 * connection on. Throws what the system says of a file, or what is wrong with it.
 */
export function tlsOptions(place: Place): ConnectionOptions | false {
  if (place.tls === 'disable') return false
  const ca = rootCertificates(place)
  const client = place.certificate && { cert: readFileSync(place.certificate), key: readKey(place.key) }
  const common = { minVersion: 'TLSv1.2' as const, ...(ca === undefined ? {} : { ca }), ...client }
  // As in libpq, `require` with a root certificate checks the chain.
  if (place.tls === 'require' && ca === undefined) return { ...common, rejectUnauthorized: false }
  if (place.tls !== 'verify-full') {
    return { ...common, rejectUnauthorized: true, checkServerIdentity: () => undefined }
  }
  return { ...common, rejectUnauthorized: true }
}

/** `undefined` for those that Node knows, and for `require` where none are named. */
function rootCertificates({ tls, rootCertificate }: Place): Buffer | undefined {
  if (rootCertificate === 'system') return undefined
  if (rootCertificate !== undefined) return readFileSync(rootCertificate)
  const usual = join(homedir(), '.postgresql', 'root.crt')
  if (statSync(usual, { throwIfNoEntry: false }) !== undefined) return readFileSync(usual)
  if (tls !== 'verify-ca') return undefined
  throw new Error(
    `sslmode=verify-ca needs sslrootcert, and ${usual} does not exist; name the certificate authority`,
  )
}

function readKey(path = ''): Buffer {
  const mode = statSync(path).mode & 0o777
  if ((mode & 0o077) === 0) return readFileSync(path)
  throw new Error(`${path} has mode 0${mode.toString(8)}: others may read the key; chmod 0600 ${path}`)
}
