import type { DoctorFacts } from './facts.js'

/** What a check came to. `skip`: it could not be made, and why. */
export type Finding =
  | { readonly status: 'pass' | 'skip'; readonly detail: string }
  | { readonly status: 'warn' | 'fail'; readonly detail: string; readonly remedy: string }

/** One thing that `doctor` looks at. */
export type Check = {
  /** Kebab-case; it stays, for programs that read the report and for docs/doctor.md. */
  readonly id: string
  readonly title: string
  /** What is thrown becomes a FAIL of this check. */
  readonly run: (facts: DoctorFacts) => Finding | Promise<Finding>
  /** Whether nothing else may run meanwhile: it measures, or keeps the program busy. */
  readonly isAlone?: true
}

/** Why most checks are skipped without a file that can be used. */
export const NO_CONFIG = 'there is no configuration that could be used'

/** All is well. */
export function pass(detail: string): Finding {
  return { status: 'pass', detail }
}

/** It could not be looked at. */
export function skip(detail: string): Finding {
  return { status: 'skip', detail }
}

/** It works, and somebody should know. */
export function warn(detail: string, remedy: string): Finding {
  return { status: 'warn', detail, remedy }
}

/** Nothing will be signed, or not safely. */
export function fail(detail: string, remedy: string): Finding {
  return { status: 'fail', detail, remedy }
}
