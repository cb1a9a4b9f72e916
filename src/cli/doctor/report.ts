import { styleText } from 'node:util'
import type { CheckResult } from './examine.js'

/** How many checks came to what. */
export type Summary = {
  readonly passed: number
  readonly warnings: number
  readonly failed: number
  readonly skipped: number
}

/** Counts the results. */
export function summarise(results: readonly CheckResult[]): Summary {
  const count = (status: CheckResult['status']) => results.filter((result) => result.status === status).length
  return { passed: count('pass'), warnings: count('warn'), failed: count('fail'), skipped: count('skip') }
}

/** The report for a person, one line for each check and one for each remedy. `isColoured`: for a terminal. */
export function reportText(results: readonly CheckResult[], isColoured: boolean): string {
  const shown = withoutFloods(results)
  const width = Math.max(...shown.map(({ title }) => title.length))
  const lines = shown.flatMap((result) => {
    const status = result.status.toUpperCase()
    const mark = isColoured ? styleText(COLOUR[result.status], status, { validateStream: false }) : status
    const first = `${mark}  ${result.title.padEnd(width)}  ${oneLine(result.detail)}`
    return 'remedy' in result ? [first, `${' '.repeat(width + 8)}-> ${oneLine(result.remedy)}`] : [first]
  })
  return `${lines.join('\n')}\n\n${summaryText(summarise(results))}\n`
}

/** Neighbours that were skipped for one and the same reason are told in one line. */
function withoutFloods(results: readonly CheckResult[]): readonly CheckResult[] {
  return results.flatMap((result, at) => {
    if (isSameSkip(result, results[at - 1])) return []
    const end = results.findIndex((other, index) => index > at && !isSameSkip(result, other))
    const flood = results.slice(at, end === -1 ? undefined : end)
    if (flood.length < 2) return [result]
    const titles = flood.map(({ title }) => title).join(', ')
    return [{ ...result, title: `${flood.length} checks`, detail: `${result.detail}: ${titles}` }]
  })
}

function isSameSkip(left: CheckResult, right: CheckResult | undefined): boolean {
  return left.status === 'skip' && right?.status === 'skip' && left.detail === right.detail
}

/** The last line of the report. */
export function summaryText({ passed, warnings, failed, skipped }: Summary): string {
  const skips = skipped === 0 ? '' : `, ${skipped} skipped`
  return `${passed} passed, ${warnings} ${warnings === 1 ? 'warning' : 'warnings'}, ${failed} failed${skips}`
}

const COLOUR = { pass: 'green', warn: 'yellow', fail: 'red', skip: 'dim' } as const

/** What a port, a node or a file says of itself is shown as one line, and moves no cursor. */
function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\s]+/gu, ' ').trim()
}
