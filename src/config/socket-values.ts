import { refused, show, type Refused } from './findings.js'

/** 2^32 - 1 means "leave it" to the system. */
const LARGEST_ID = 0xffff_fffe

/** Permission bits as `'0660'` in quotes, or as the number `0o660`; the owner must be able to connect. */
export function readMode(value: unknown): number | Refused {
  const mode = typeof value === 'string' && /^0?[0-7]{3}$/.test(value) ? parseInt(value, 8) : value
  const isMode = typeof mode === 'number' && Number.isInteger(mode) && mode >= 0 && mode <= 0o777
  if (!isMode) {
    return refused(
      `${show(value)} is not a mode from 0600 to 0777; write it in quotes, like '0660' for owner and group`,
    )
  }
  if ((mode & 0o600) === 0o600) return mode
  return refused(
    `0${mode.toString(8).padStart(3, '0')} keeps the owner out; write '0600' for the owner alone, or '0660' with the group`,
  )
}

/** A group by its name, or by its number. */
export function readGroup(value: unknown): string | number | Refused {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= LARGEST_ID) return value
  if (typeof value === 'string' && /^[a-z_][a-z0-9_.-]{0,31}$/i.test(value)) return value
  return refused(`${show(value)} is not a group; write its name, or its number`)
}

/** What may stand before every path of HTTP: `any`, `none`, or one in the form `/a/b`, without a slash at its end. */
export function readPathPrefix(value: unknown): string | Refused {
  if (value === 'any' || value === 'none') return value
  if (typeof value === 'string' && /^(?:\/[a-z0-9_~-][a-z0-9_.~-]*)+\/?$/i.test(value)) {
    return value.replace(/\/$/, '')
  }
  return refused(
    `${show(value)} is not the beginning of a path; write it like /signer, with letters and digits, or write any or none`,
  )
}
