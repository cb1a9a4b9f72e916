import type { Check, Finding } from './check.js'
import { fail } from './check.js'
import type { DoctorFacts } from './facts.js'

/** What one check came to, with its name. */
export type CheckResult = { readonly id: string; readonly title: string } & Finding

/** How long one check may take; none of them waits for longer on anything that works. */
export const CHECK_LIMIT_MS = 8000

/**
 * Makes every check and resolves with the results in the order of `checks`. It never rejects: a check that throws, or
 * takes longer than `limitMs`, fails by itself.
 */
export async function examine(
  checks: readonly Check[],
  facts: DoctorFacts,
  limitMs = CHECK_LIMIT_MS,
): Promise<readonly CheckResult[]> {
  const results = new Map<string, CheckResult>()
  const make = async (check: Check) => {
    results.set(check.id, { id: check.id, title: check.title, ...(await findingOf(check, facts, limitMs)) })
  }
  await Promise.all(checks.filter(({ isAlone }) => isAlone === undefined).map(make))
  for (const check of checks.filter(({ isAlone }) => isAlone === true)) await make(check)
  return checks.flatMap(({ id }) => results.get(id) ?? [])
}

const REPORT = 'this check could not be made: please report it, with these words'

function findingOf(check: Check, facts: DoctorFacts, limitMs: number): Promise<Finding> {
  return new Promise((resolve) => {
    const cancel = setTimeout(() => {
      resolve(
        fail(
          `nothing came of it within ${limitMs / 1000} s`,
          'look at what it names by hand, and run doctor again',
        ),
      )
    }, limitMs)
    const run = async () => check.run(facts)
    run()
      .catch((error: unknown) => fail(error instanceof Error ? error.message : String(error), REPORT))
      .then(resolve, resolve)
      .finally(() => {
        clearTimeout(cancel)
      })
  })
}
