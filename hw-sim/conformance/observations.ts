import type { SurpriseResult, SurpriseVerdict } from './report.js'

/** The surprises, at their numbers in docs/protocol.md "What surprises". */
const TITLES = {
  1: 'a watermark refusal is 0xd4 (fixed: 0xa3)',
  2: 'marks ignore the chain, and identical bytes are refused too',
  3: 'a mark is raised before policy is asked (fixed: after)',
  4: "a block's round is the last four bytes of its fitness",
  5: 'magic bytes beyond the policy table are allowed (fixed: 0xb8)',
  6: "a digest's first byte is taken for the magic byte (fixed: digests are refused)",
  7: 'errors while reading a packet are overwritten (fixed: 0xa4, 0xa5)',
  8: 'policy of the sketch: operations on every key, blocks and votes on alias 3',
} as const

/** The number of a known surprise. */
export type SurpriseNumber = keyof typeof TITLES

type Seen = { readonly as: Exclude<SurpriseVerdict, 'left-out'>; readonly detail: string }

/** What the checks saw of the known surprises. Several sightings of one are brought together. */
export class Observations {
  readonly #seen = new Map<SurpriseNumber, Seen[]>()

  /** Notes one sighting: what was asked and answered. */
  note(number: SurpriseNumber, as: Seen['as'], detail: string): void {
    this.#seen.set(number, [...(this.#seen.get(number) ?? []), { as, detail }])
  }

  /** All surprises; those that show in more than one way are `other`. */
  list(isDestructive: boolean): readonly SurpriseResult[] {
    return Object.entries(TITLES).map(([text, title]) => {
      const number = Number(text)
      const seen = [...this.#seen].find(([key]) => key === number)?.[1] ?? []
      const ways = new Set(seen.map(({ as }) => as))
      const [verdict = 'left-out'] = ways.size > 1 ? (['other'] as const) : ways
      const details = [...new Set(seen.map(({ detail }) => detail))].join('; ')
      return { number, title, verdict, detail: seen.length === 0 ? whyUnseen(isDestructive) : details }
    })
  }
}

const whyUnseen = (isDestructive: boolean) =>
  isDestructive
    ? 'nothing that shows it could be asked'
    : 'shows only with --destructive, or could not be asked'
