import { decodeAuthenticationKey, type AuthenticationPublicKey } from '../tezos/index.js'
import type { CertificateName } from './config.js'
import { refused, show, type Refused } from './findings.js'

/** A public key of any curve that Octez' wallets sign with. */
export function readAuthenticationKey(value: unknown): AuthenticationPublicKey | Refused {
  const key = typeof value === 'string' ? decodeAuthenticationKey(value) : undefined
  const forms = 'edpk, sppk, p2pk or BLpk'
  return key ?? refused(`${show(value)} is not a public key (${forms}) with a right checksum; copy it again`)
}

/** A certificate's SHA-256 fingerprint, with or without colons, or its subject's common name. */
export function readCertificateName(value: unknown): CertificateName | Refused {
  if (typeof value !== 'string' || value.trim() === '' || value.length > 200) {
    return refused(
      `${show(value)} names no certificate; write its SHA-256 fingerprint or its subject's common name, in quotes`,
    )
  }
  const digits = value.replaceAll(':', '').toLowerCase()
  if (/^[0-9a-f]{64}$/.test(digits)) return { kind: 'fingerprint', value: digits }
  if (/^[0-9a-f]{2}(?::[0-9a-f]{2})+$/i.test(value)) {
    const bytes = digits.length / 2
    return refused(
      `${show(value)} is a fingerprint of ${bytes} bytes, and SHA-256 has 32; write the one of: openssl x509 -noout -fingerprint -sha256`,
    )
  }
  return { kind: 'common-name', value }
}

/** Where an authentication signature is verified. */
export function readVerify(value: unknown): 'host' | 'device' | Refused {
  if (value === 'host' || value === 'device') return value
  return refused(`${show(value)} is neither host nor device; write one of them`)
}

/** The name of a header of its own, in lower case: Octez passes on none but those that begin with x-. */
export function readTokenHeader(value: unknown): string | Refused {
  if (typeof value === 'string' && /^x-[a-z0-9-]{1,60}$/i.test(value)) return value.toLowerCase()
  return refused(`${show(value)} is not a header that Octez sends; write a name that begins with x-`)
}

/** A file's path; `~` is the shell's to expand. */
export function readFilePath(value: unknown): string | Refused {
  const fits = typeof value === 'string' && value !== '' && !value.includes('\0') && !value.startsWith('~')
  if (fits) return value
  return refused(`${show(value)} is not a file's path; write an absolute path, or one relative to this file`)
}
