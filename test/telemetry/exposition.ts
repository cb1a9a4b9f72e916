/** One sample of Prometheus' text format: its name, its labels as written, and its value. */
export type Sample = {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

/** A metric as it is described: its name and its type. */
export type Described = { readonly name: string; readonly type: string; readonly help: string }

const SAMPLE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/
const LABEL = /([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g

/** The samples of a text in Prometheus' format; throws at a line that is none. */
export function samplesOf(text: string): readonly Sample[] {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return lines.map((line) => {
    const match = SAMPLE.exec(line)
    if (match === null) throw new Error(`no sample: ${line}`)
    const [, name = '', labels = '', value = ''] = match
    const pairs = [...labels.matchAll(LABEL)].map(([, label = '', text = '']) => [label, text] as const)
    return { name, labels: Object.fromEntries(pairs), value: Number(value) }
  })
}

/** The metrics that a text describes. */
export function describedIn(text: string): readonly Described[] {
  const helps = new Map(
    [...text.matchAll(/^# HELP (\S+) (.*)$/gm)].map(([, name = '', help = '']) => [name, help]),
  )
  return [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name = '', type = '']) => ({
    ...{ name, type, help: helps.get(name) ?? '' },
  }))
}

/** `name{label="value"}`, labels in order of their names, with its value. */
export function seriesOf(text: string): ReadonlyMap<string, number> {
  return new Map(samplesOf(text).map(({ name, labels, value }) => [seriesName(name, labels), value]))
}

function seriesName(name: string, labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).sort(([left], [right]) => (left < right ? -1 : 1))
  return pairs.length === 0
    ? name
    : `${name}{${pairs.map(([label, value]) => `${label}=${value}`).join(',')}}`
}
