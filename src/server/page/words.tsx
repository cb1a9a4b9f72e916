import type { Child } from 'hono/jsx'

/** `2026-01-31 16:30:26 UTC` of an ISO 8601 instant. */
export function exactly(at: string): string {
  return `${at.slice(0, 10)} ${at.slice(11, 19)} UTC`
}

/** `16:30:26 UTC`, with the date in front where it is not the day of `now`. */
export function clockTime(at: string, now: string): string {
  return at.slice(0, 10) === now.slice(0, 10) ? `${at.slice(11, 19)} UTC` : exactly(at)
}

/** Milliseconds for a reader: tenths below ten. */
export function milliseconds(ms: number | undefined): string {
  if (ms === undefined) return '–'
  return ms < 10 ? ms.toFixed(1) : Math.round(ms).toString()
}

/** A code word in plain words: `conflicts-with-mark` is "conflicts with mark". */
export function plainly(code: string): string {
  return code.replaceAll('-', ' ').replaceAll('_', ' ')
}

/** The first and last characters of a long name. */
export function shortened(name: string): string {
  return name.length > 14 ? `${name.slice(0, 6)}…${name.slice(-4)}` : name
}

type MomentProps = { readonly at: string; readonly now: string }

/** An instant that the browser's script keeps as an age, "12 s ago"; without it the time itself is read. */
export const Ago = ({ at, now }: MomentProps) => (
  <time datetime={at} title={exactly(at)} data-age="ago" data-keep="">
    {clockTime(at, now)}
  </time>
)

/** The beginning of a state that lasts: "since 16:30:26 UTC", which the browser's script keeps as "for 12 s". */
export const Since = ({ at, now }: MomentProps) => (
  <time datetime={at} title={exactly(at)} data-age="for" data-keep="">
    since {clockTime(at, now)}
  </time>
)

/** An instant that is read as a time of day. */
export const At = ({ at, now }: MomentProps) => (
  <time datetime={at} title={exactly(at)}>
    {clockTime(at, now).replace(' UTC', '')}
  </time>
)

/** A heading of a section, which names it (`id` of the section). */
export const Heading = ({ of, children }: { readonly of: string; readonly children: Child }) => (
  <h2 id={`${of}-title`}>{children}</h2>
)

/** A name and its value in a list of facts. */
export const Fact = ({ name, children }: { readonly name: string; readonly children: Child }) => (
  <div class="fact">
    <dt>{name}</dt>
    <dd>{children}</dd>
  </div>
)

const ICONS = {
  yes: 'M4.5 10.5l3.6 3.6 7.4-8',
  no: 'M5.5 5.5l9 9m0-9l-9 9',
  warning: 'M10 3.5l7.2 12.8H2.8zM10 8.5v3.6m0 2v.3',
  again: 'M15.5 8.5a6 6 0 1 0 .3 3.6M16 4v4.5h-4.5',
} as const

/** A small drawing beside words that say the same. */
export const Icon = ({ name }: { readonly name: keyof typeof ICONS }) => (
  <svg class="icon" viewBox="0 0 20 20" aria-hidden="true" focusable="false">
    <path
      d={ICONS[name]}
      fill="none"
      stroke="currentColor"
      stroke-width="2"
      stroke-linecap="round"
      stroke-linejoin="round"
    />
  </svg>
)
