import { refused, show, type Refused } from './findings.js'
import { readUrl } from './values.js'

/** What a device is. */
export function readDeviceKind(value: unknown): 'tezio' | 'pkcs11' | Refused {
  if (value === 'tezio' || value === 'pkcs11') return value
  return refused(`${show(value)} is no kind of device; write tezio or pkcs11`)
}

/** The id of an object on a token, as hex digits; in lower case. */
export function readObjectId(value: unknown): string | Refused {
  if (typeof value === 'string' && /^(?:[0-9a-f]{2}){1,64}$/i.test(value)) return value.toLowerCase()
  return refused(`${show(value)} is no id; write 1 to 64 bytes as hex digits, in quotes, like "01ab"`)
}

const DATABASE_EXAMPLE = 'write it like postgresql://bridge@db.example.org:5432/tezio?sslmode=verify-full'

/** A database's URL without a password. What it holds is not shown: it may be a secret. */
export function readDatabaseUrl(value: unknown): string | Refused {
  const isUrl = typeof value === 'string' && /^postgres(?:ql)?:\/\//.test(value) && URL.canParse(value)
  if (!isUrl) return refused(`is not the URL of a PostgreSQL; ${DATABASE_EXAMPLE}`)
  const { password, searchParams } = new URL(value)
  if (password !== '' || searchParams.has('password')) {
    return refused(
      'holds a password; put it in a password file (marks.postgresql.passfile), and think of a new one',
    )
  }
  return value
}

/** Where a service answers, instead of its usual address. */
export function readEndpoint(value: unknown): string | Refused {
  const url = readUrl(value, 'write it like http://127.0.0.1:8000, or remove the line')
  return url instanceof URL ? url.href : url
}
