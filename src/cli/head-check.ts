import { isDeepStrictEqual } from 'node:util'
import { monotonicClock } from '../clock.js'
import type { Config } from '../config/index.js'
import { octezHead } from '../octez/index.js'
import { HeadCheck, type HeadEvent, type MarkStore } from '../policy/index.js'

/** The head check of a configuration, or none. The marks of now are those that it judges. */
export function createHeadCheck(
  { headCheck }: Pick<Config, 'headCheck'>,
  store: Pick<MarkStore, 'marks'>,
  onEvent: (event: HeadEvent) => void,
): HeadCheck | undefined {
  if (headCheck === undefined) return undefined
  const { rpc, ...rules } = headCheck
  const marks = () => store.marks()
  return new HeadCheck({ ...rules, source: octezHead(rpc), clock: monotonicClock, marks, onEvent })
}

/** Whether two configurations have one and the same head check, so that what it knows can be kept. */
export function isSameHeadCheck(left: Config, right: Config): boolean {
  return isDeepStrictEqual(left.headCheck, right.headCheck)
}
