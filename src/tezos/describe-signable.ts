import type { OperationContent } from './operation-content.js'
import { isConsensus, type Signable } from './signable.js'

/** One content in plain JSON: numbers that may be large are decimal strings. */
export type DescribedContent = Readonly<Record<string, string | number>>

/** Everything that was read of a payload, in plain JSON; what is not there could not be read. */
export type DescribedSignable = {
  readonly kind: Signable['kind']
  /** The watermark byte, `0x03`. */
  readonly magicByte: string
  readonly operation?: string
  readonly chain?: string
  readonly level?: number
  readonly round?: number
  readonly contents?: readonly DescribedContent[]
}

/** What was read of a payload, for people and for other programs. */
export function describeSignable(signable: Signable): DescribedSignable {
  const { kind } = signable
  const magicByte = `0x${signable.magicByte.toString(16).padStart(2, '0')}`
  if (isConsensus(signable)) {
    const { operation, chainId: chain, level, round } = signable
    return { kind, magicByte, operation, chain, level, round }
  }
  if (signable.kind !== 'operation') return { kind, magicByte }
  return { kind, magicByte, contents: signable.contents.map(describeContent) }
}

function describeContent(content: OperationContent): DescribedContent {
  return Object.fromEntries(
    Object.entries(content).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, typeof value === 'bigint' ? String(value) : value]],
    ),
  )
}
