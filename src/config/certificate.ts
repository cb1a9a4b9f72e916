import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto'
import { refused, type Refused } from './findings.js'

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g
const ANY_KEY = /-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY-----/

/** The certificates of a PEM text, in its order; at least one. */
export function readCertificates(text: string): readonly X509Certificate[] | Refused {
  const blocks = text.match(CERTIFICATE)
  if (blocks === null) {
    const what = ANY_KEY.test(text) ? 'holds a key and no certificate' : 'holds no certificate in PEM form'
    return refused(`${what} (-----BEGIN CERTIFICATE-----); name the right file`)
  }
  try {
    return blocks.map((block) => new X509Certificate(block))
  } catch {
    return refused('holds a certificate that cannot be read; make or copy it again')
  }
}

/** The key of a PEM text, which must not be encrypted. */
export function readPrivateKey(text: string): KeyObject | Refused {
  if (!ANY_KEY.test(text)) {
    return refused('holds no key in PEM form (-----BEGIN PRIVATE KEY-----); name the right file')
  }
  if (/-----BEGIN ENCRYPTED PRIVATE KEY-----|^Proc-Type: 4,ENCRYPTED/m.test(text)) {
    return refused(
      'holds an encrypted key, which is not supported; decrypt it once: openssl pkey -in ENCRYPTED -out KEY',
    )
  }
  try {
    return createPrivateKey(text)
  } catch {
    return refused('holds a key that cannot be read; make or copy it again')
  }
}

/** The instant at which a certificate ends to be valid. */
export function expiryOf(certificate: X509Certificate): Date {
  return new Date(certificate.validTo)
}

/** Why a certificate counts for nothing at an instant; `undefined` when it is valid. */
export function refusalOfDates(certificate: X509Certificate, now: Date): Refused | undefined {
  const [from, to] = [new Date(certificate.validFrom), expiryOf(certificate)]
  if (!(now.getTime() < to.getTime())) {
    return refused(`has expired on ${to.toISOString()}: clients refuse it; renew it`)
  }
  if (!(from.getTime() <= now.getTime())) {
    const why = `is not valid before ${from.toISOString()}, and it is ${now.toISOString()} here`
    return refused(`${why}; set this machine's clock, or wait`)
  }
  return undefined
}
