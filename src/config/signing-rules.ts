import { byteOfKind, hexByte, MARK_BYTES } from '../tezos/index.js'
import type { KeyConfig } from './config.js'
import type { Findings } from './findings.js'

const SIGNED_BYTES: readonly number[] = [0x03, 0x05, ...Object.values(MARK_BYTES)]

/** Why payloads that begin with `byte` are never signed, whatever a key's rules say; `undefined` for those that are. */
export function neverSigned(byte: number): string | undefined {
  if (SIGNED_BYTES.includes(byte)) return undefined
  if (byte === 0x01 || byte === 0x02) return 'it is an obsolete consensus watermark, without high-water marks'
  if (byte === 0x04) return 'it marks authentication requests, which are verified and not made here'
  if (byte >= 0x14) return 'the firmware reads past the end of its policy table from 0x14 on'
  return 'it is not a watermark of Tezos'
}

/** Whether the rules let a key sign something that two different payloads of one level and round would be slashed for. */
export function maySignConsensus({ allowedMagicBytes }: KeyConfig): boolean {
  if (allowedMagicBytes === 'any') return true
  return Object.values(MARK_BYTES).some((byte) => allowedMagicBytes.includes(byte))
}

/** The same, where the key's list of kinds leaves something of it as well. */
export function maySignConsensusByName({
  bytes,
  allow,
}: {
  readonly bytes: KeyConfig['allowedMagicBytes']
  readonly allow: KeyConfig['allow']
}): boolean {
  const kinds = Object.entries(MARK_BYTES).filter(([, byte]) => bytes === 'any' || bytes.includes(byte))
  return kinds.some(([kind]) => allow === undefined || allow.includes(kind))
}

/** Warns of what a key's two rules, by first byte and by kind, can never let through together. */
export function warnOfIdleRules(
  key: string,
  bytes: KeyConfig['allowedMagicBytes'],
  kinds: KeyConfig['allow'],
  findings: Findings,
): void {
  if (bytes !== 'any' && bytes.length === 0)
    findings.warn(`${key}: allowed_ops is empty: the key signs nothing.`)
  if (kinds?.length === 0) findings.warn(`${key}: allow is empty: the key signs nothing.`)
  if (bytes === 'any') return
  for (const kind of new Set(kinds)) {
    const byte = byteOfKind(kind)
    if (!bytes.includes(byte)) {
      findings.warn(
        `${key}: allow lists ${kind}, which is not signed while allowed_ops lacks ${hexByte(byte)}.`,
      )
    }
  }
}
