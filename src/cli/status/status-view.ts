import {
  placeOf,
  type Decision,
  type DeviceReport,
  type StatusReport,
  type Warning,
} from '../../server/index.js'
import { chainName, parseChainId } from '../../tezos/index.js'
import { table } from '../output.js'
import { ageOf } from './ages.js'

/** How words stand out; plain where the terminal shows no colours. */
export type Styles = {
  readonly good: (text: string) => string
  readonly bad: (text: string) => string
  readonly warn: (text: string) => string
  readonly title: (text: string) => string
}

/** Decisions that fit a screen beside the rest. */
const DECISIONS = 10

/** The whole status as text for a person. */
export function statusText(report: StatusReport, styles: Styles): string {
  const sections = [
    overview(report, styles),
    section('Warnings', warningsText(report, styles), styles),
    section('Keys', keysText(report), styles),
    section('Marks', marksText(report), styles),
    section('Last decisions', decisionsText(report), styles),
  ]
  return sections.filter((text) => text !== '').join('\n')
}

function section(title: string, text: string, { title: bold }: Styles): string {
  return text === '' ? '' : `${bold(title)}\n${text}`
}

function overview(report: StatusReport, { good, bad }: Styles): string {
  const { readiness, device, devices = [device], queue, counts, latencies, at } = report
  const { startedAt, version, listening = [] } = report
  const verdict = readiness.ready
    ? good('READY to sign')
    : bad(`NOT READY: ${readiness.reasons.map(({ message }) => message).join('; ')}`)
  const { p50Ms, p95Ms, p99Ms, maxMs, count } = latencies
  const times =
    maxMs === undefined
      ? 'no signature in the last hour'
      : `median ${ms(p50Ms)}, p95 ${ms(p95Ms)}, p99 ${ms(p99Ms)}, longest ${ms(maxMs)} (${count} signatures in the last hour)`
  const lines = [
    `tezio-bridge ${version}  ${verdict}`,
    `up        ${ageOf(startedAt, at)}`,
    ...listensText(listening),
    ...devices.map((one) => deviceText(one, at, devices.length > 1)),
    `queue     ${queue.waiting} of ${queue.capacity} waiting`,
    `requests  ${counts.signed} signed, ${counts.repeated} repeated, ${counts.refused} refused since the start`,
    `latency   ${times}`,
  ]
  return `${lines.join('\n')}\n`
}

function deviceText(device: DeviceReport, at: string, isNamed: boolean): string {
  const { name, state, since, path, reconnects, lateReplies, noiseBytes } = device
  const who = isNamed ? `${name}: ` : ''
  const place = path === undefined ? '' : ` at ${path}`
  const link = `${reconnects} reconnects, ${lateReplies} late replies, ${noiseBytes} bytes of noise`
  return `device    ${who}${state} for ${ageOf(since, at)}${place}; ${link}`
}

function listensText(listening: NonNullable<StatusReport['listening']>): readonly string[] {
  const places = listening.map(({ transport, address }) => `${transport} ${address}`)
  return places.length === 0 ? [] : [`listens   ${places.join(', ')}`]
}

function ms(value: number | undefined): string {
  return value === undefined ? '' : `${value.toFixed(value < 10 ? 1 : 0)} ms`
}

function warningsText({ warnings, at: now }: StatusReport, { warn }: Styles): string {
  const lines = ({ code, message, remedy, at }: Warning) => {
    const when = at === undefined ? '' : ` (${ageOf(at, now)} ago)`
    return `${warn(code)}: ${message}${when}\n  what to do: ${remedy}\n`
  }
  return warnings.map(lines).join('')
}

function keysText(report: StatusReport): string {
  const { keys, at: now } = report
  const rows = keys.map((key) => {
    const { address, curve, signs, lastSignedAt, quarantinedSince } = key
    const last = lastSignedAt === undefined ? 'none' : `${ageOf(lastSignedAt, now)} ago`
    const quarantine = quarantinedSince === undefined ? '' : `; in QUARANTINE since ${quarantinedSince}`
    return [address, curve, placeOf(key, report), signs, `${last}${quarantine}`]
  })
  return table(['KEY', 'CURVE', 'PLACE', 'SIGNS', 'LAST BLOCK OR VOTE'], rows)
}

function marksText({ marks, at: now }: StatusReport): string {
  const rows = marks.map(({ chainName: chain, key, kind, level, round, raisedAt, state }) => {
    return [chain, key, kind, `${level} / ${round}`, state, `${ageOf(raisedAt, now)} ago`]
  })
  return rows.length === 0 ? '' : table(['CHAIN', 'KEY', 'KIND', 'LEVEL / ROUND', 'STATE', 'RAISED'], rows)
}

function decisionsText({ decisions, at: now }: StatusReport): string {
  if (decisions.length === 0) return 'none since the start\n'
  const rows = decisions
    .slice(0, DECISIONS)
    .map((decision) => [
      ...[`${ageOf(decision.at, now)} ago`, decision.outcome, whatOf(decision), shortKey(decision.key)],
      ...[`${decision.totalMs.toFixed(1)} ms`, decision.code ?? ''],
    ])
  return table(['WHEN', 'OUTCOME', 'WHAT', 'KEY', 'TOOK', 'WHY NOT'], rows)
}

function whatOf({ kind = 'unknown', chain, level, round }: Decision): string {
  if (level === undefined) return kind
  const id = chain === undefined ? undefined : parseChainId(chain)
  return `${kind} ${level} / ${round ?? 0}${id === undefined ? '' : ` of ${chainName(id)}`}`
}

function shortKey(key: string): string {
  return `${key.slice(0, 8)}…${key.slice(-4)}`
}
