import type { LevelGap, Mark } from '../../policy/index.js'
import type { Item } from './mark-item.js'

/** A condition on one item; `#name` stands for the attribute `name`. */
export type Condition = { readonly text: string; readonly values: Item }

type Place = Pick<Mark, 'level' | 'round'>

const EXISTS = 'attribute_exists(#sig_type)'
const HIGHER = '(#lastblock < :level OR (#lastblock = :level AND #lastround < :round))'
/** As `readMark` has it: without a round it is the highest of its level. */
const NOT_BELOW_FLOOR =
  '(#lastblock > :floorLevel OR' +
  ' (#lastblock = :floorLevel AND (attribute_not_exists(#lastround) OR #lastround >= :floorRound)))'
/** Never signed with: no payload is known of this very level and round. As `decide` has it for level 0. */
const NO_PAYLOAD =
  '(attribute_not_exists(#tezio.#digest) OR #tezio.#level <> #lastblock OR #tezio.#round <> #lastround)'
const NEAR = `(#lastblock >= :lowest OR (#lastblock = :zero AND ${NO_PAYLOAD}))`

/** Holds where there is a mark, and it is lower than `wanted`. */
export function isLower(wanted: Place): Condition {
  return {
    text: `${EXISTS} AND ${HIGHER}`,
    values: { ':level': number(wanted.level), ':round': number(wanted.round) },
  }
}

/** Holds where the rule lets a mark be raised: DynamoDB's words for what `decide` calls `advance`, with a floor. */
export function mayRaise(wanted: Place, floor: Place | undefined, gap: LevelGap): Condition {
  const parts = [isLower(wanted)]
  if (floor !== undefined) {
    const values = { ':floorLevel': number(floor.level), ':floorRound': number(floor.round) }
    parts.push({ text: NOT_BELOW_FLOOR, values })
  }
  if (gap !== 'off') {
    parts.push({ text: NEAR, values: { ':lowest': number(wanted.level - gap), ':zero': number(0) } })
  }
  return {
    text: parts.map(({ text }) => text).join(' AND '),
    values: Object.assign({}, ...parts.map(({ values }) => values)) as Item,
  }
}

/** Holds where a mark still stands at a payload, and no signature of it is known. */
export function isUnsigned({ level, round, digest }: Place & { readonly digest: string }): Condition {
  return {
    text:
      '#lastblock = :level AND #lastround = :round' +
      ' AND #tezio.#level = :level AND #tezio.#round = :round AND #tezio.#digest = :digest' +
      ' AND attribute_not_exists(#tezio.#signature)',
    values: { ':level': number(level), ':round': number(round), ':digest': { S: digest } },
  }
}

function number(value: number): { readonly N: string } {
  return { N: String(value) }
}
