import { isConsensus, toHex, type PublicKeyHash, type Signable } from '../tezos/index.js'
import type { Verdict } from './decide.js'
import type { Refusal } from './refusal.js'
import type { RuleName } from './rule-name.js'
import type { SignResult } from './sign-request.js'

/** One line of the audit log: what was asked and what became of it. No payload and no signature is in it. */
export type SignEvent = {
  readonly event: 'signature.decided'
  readonly requestId: string
  readonly key: PublicKeyHash
  readonly outcome: 'signed' | 'repeated' | 'refused'
  /** Whether the request passed steps 2 and 3: before that nothing reads a mark or touches the device. */
  readonly admitted: boolean
  /** Who asked: configured names or addresses that were proven; left out where nobody was. */
  readonly client?: string
  /** What the rule said last; left out where it was not asked, and for payloads that carry no mark. */
  readonly verdict?: Verdict['verdict']
  /** The refusal's code and its words. */
  readonly code?: string
  readonly reason?: string
  /** The rule of the key that refused, where one did. */
  readonly rule?: RuleName
  readonly kind?: string
  readonly contents?: readonly string[]
  readonly chain?: string
  readonly level?: number
  readonly round?: number
  /** The first 8 digits of the payload's digest. */
  readonly digest: string
  /** The device that was asked to sign; left out where none was. */
  readonly device?: string
  /** Reading the payload, and asking the rules and the caller's proof. */
  readonly parseMs: number
  readonly policyMs: number
  readonly queueMs: number
  readonly syncMs: number
  readonly deviceMs: number
  readonly verifyMs: number
  readonly totalMs: number
}

/** How far a request came. Instants and durations in ms. */
export type Progress = {
  readonly enteredAt: number
  /** How long the payload took to be read, and then the rules that need nothing but the request. */
  readonly parseMs: number
  readonly policyMs: number
  readonly turnAt: number | undefined
  /** The device that was asked to sign, by its name. */
  readonly device: string | undefined
  /** How long raising the mark took, until it would survive a power cut. */
  readonly syncMs: number
  readonly deviceMs: number
  /** How long it took to verify the device's signature. */
  readonly verifyMs: number
  readonly verdict: Verdict['verdict'] | undefined
  readonly admitted: boolean
  readonly clients: readonly string[]
}

/** A request on its way. */
export type Audited = {
  readonly requestId: string
  readonly key: PublicKeyHash
  readonly signable: Signable | undefined
  readonly digest: Uint8Array
  readonly progress: Progress
}

/** The line that tells what became of a request. */
export function auditLine(
  { requestId, key, signable, digest, progress }: Audited,
  result: SignResult,
  now: number,
): SignEvent {
  const { enteredAt, turnAt = now, device, verdict, admitted, clients } = progress
  const { parseMs, policyMs, syncMs, deviceMs, verifyMs } = progress
  const refusal = result.outcome === 'refused' ? refusalFields(result.refusal) : {}
  return {
    event: 'signature.decided',
    requestId,
    key,
    outcome: result.outcome === 'signed' && result.repeated ? 'repeated' : result.outcome,
    admitted,
    ...(clients.length === 0 ? {} : { client: clients.join(', ') }),
    ...(verdict === undefined ? {} : { verdict }),
    ...refusal,
    ...(signable === undefined ? {} : described(signable)),
    digest: toHex(digest).slice(0, 8),
    ...(device === undefined ? {} : { device }),
    parseMs: rounded(parseMs),
    policyMs: rounded(policyMs),
    queueMs: rounded(turnAt - enteredAt),
    syncMs: rounded(syncMs),
    deviceMs: rounded(deviceMs),
    verifyMs: rounded(verifyMs),
    totalMs: rounded(now - enteredAt),
  }
}

function refusalFields({ code, message: reason, rule }: Refusal): Partial<SignEvent> {
  return rule === undefined ? { code, reason } : { code, reason, rule }
}

function described(signable: Signable): Partial<SignEvent> {
  if (isConsensus(signable)) {
    const { kind, chainId: chain, level, round } = signable
    return { kind, chain, level, round }
  }
  const { kind } = signable
  return signable.kind === 'operation'
    ? { kind, contents: signable.contents.map((content) => content.kind) }
    : { kind }
}

function rounded(ms: number): number {
  return Math.round(ms * 1000) / 1000
}
