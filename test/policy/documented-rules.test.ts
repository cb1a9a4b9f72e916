import { describe, expect, test } from 'vitest'
import { explainPayload, RULES, type Explanation } from '../../src/policy/index.js'
import { toHex } from '../../src/tezos/index.js'
import { readDocument } from '../docs/documents.js'
import { hex, payload, payloadVectors } from '../tezos/golden-data.js'
import { configuredKey, LimitsBench } from './limits-bench.js'

const NOON = '2026-11-20T12:00:00Z'

type Ask = { readonly at: Date; readonly payload: Uint8Array }

/** One section of docs/policy.md. */
type Documented = {
  readonly rule: string
  readonly entry: string
  readonly refused: Ask
  readonly signed: Ask
  readonly words: string
}

const page = readDocument('docs/policy.md')
const sections = page.text
  .slice(page.text.indexOf('\n## The rules'), page.text.indexOf('\n## Spend windows'))
  .split('\n### ')
  .slice(1)
const named = sections.map((section) => section.slice(0, section.indexOf('\n')))

function fence(section: string, language: string): string {
  return new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``).exec(section)?.[1] ?? ''
}

function askOf(text: string, verdict: string): Ask {
  const [, at = NOON, bytes = ''] = new RegExp(`^(?:(\\S+Z) )?${verdict} +([0-9a-f]+)$`, 'm').exec(text) ?? []
  return { at: new Date(at), payload: hex(bytes) }
}

const rules: readonly Documented[] = sections
  .filter((section) => !/^(?:vault_label|clients|per_minute)\n/.test(section))
  .map((section) => {
    const text = fence(section, 'text')
    const rule = section.slice(0, section.indexOf('\n'))
    const words = text.split('\n').find((line) => line.startsWith(`${rule} (`)) ?? ''
    const asks = { refused: askOf(text, 'refused'), signed: askOf(text, 'signed') }
    return { rule, entry: fence(section, 'yaml'), words, ...asks }
  })

function explained(entry: string, { at, payload }: Ask): Explanation {
  return explainPayload({
    ...{ key: configuredKey(entry), payload, now: at, maxLevelGap: 'off' },
    state: undefined,
  })
}

test('the page explains every rule, in the order they are asked', () => {
  expect(named).toEqual([
    'vault_label',
    ...RULES.map(({ name }) => name),
    'per_minute',
    'transactions.spend_windows',
  ])
})

test('the payloads of the page are recorded ones, but for the source and the first byte', () => {
  const known = payloadVectors.map(({ hex: text }) => masked(text))
  const vote = toHex(payload('octez-codec attestation')).slice(10)
  for (const { refused, signed } of rules) {
    for (const ask of [refused, signed]) {
      const text = toHex(ask.payload)
      expect([text, known.includes(masked(text)) || text === `03${vote}`]).toEqual([text, true])
    }
  }
})

/** Operations without their source. */
function masked(text: string): string {
  return text.startsWith('03') ? `${text.slice(0, 68)}${text.slice(68 + 42)}` : text
}

test('vault_label: the payload of the page is refused in its words, under every first byte, and before the device', async () => {
  const [section = ''] = sections.filter((text) => text.startsWith('vault_label\n'))
  const text = fence(section, 'text')
  const refused = askOf(text, 'refused')
  const entry = 'allowed_ops: [0x03, 0x05]'
  const { refusal } = explained(entry, refused)
  expect(text).toContain(`\n${refusal?.rule ?? ''} (${refusal?.code ?? ''}): ${refusal?.message ?? ''}\n`)
  expect(refusal?.rule).toBe('vault_label')
  const bench = new LimitsBench(entry)
  for (let first = 0; first < 256; first += 1) {
    const label = refused.payload.with(0, first)
    expect(explained(entry, { ...refused, payload: label }).refusal?.rule).toBe('vault_label')
    expect(await bench.answerTo(label)).toMatchObject({ refusal: { rule: 'vault_label' } })
  }
  expect(bench.asked).toEqual([])
  expect(await bench.ask(refused.payload.with(1, 0x54))).toBe('signed')
  bench.close()
})

test('clients: who is listed goes on to the other rules, who is not is refused, and unnamed it depends', () => {
  const key = { ...configuredKey('allowed_ops: [0x03]'), clients: ['payouts'] }
  const of = (...clients: readonly string[]) => {
    const asked = clients.length === 0 ? {} : { clients }
    const at = { now: new Date(NOON), maxLevelGap: 'off', state: undefined } as const
    const { refusal, rules: all } = explainPayload({
      key,
      payload: hex('05010000000568656c6c6f'),
      ...at,
      ...asked,
    })
    return { says: all.find(({ name }) => name === 'clients')?.says, rule: refusal?.rule }
  }
  expect(of('payouts')).toEqual({ says: 'passes', rule: 'allowed_ops' })
  expect(of('baker')).toEqual({ says: 'refuses', rule: 'clients' })
  expect(of()).toEqual({ says: 'not-known', rule: 'allowed_ops' })
})

describe.each(rules)('$rule', ({ rule, entry, refused, signed, words }) => {
  test('is the rule that refuses the one payload, in these words, and every rule passes the other', () => {
    const { refusal, rules: all } = explained(entry, refused)
    expect(`${refusal?.rule ?? ''} (${refusal?.code ?? ''}): ${refusal?.message ?? ''}`).toBe(words)
    expect(all.filter(({ says }) => says === 'refuses').map(({ name }) => name)).toEqual([rule])
    expect(explained(entry, signed).refusal).toBeUndefined()
  })

  test('refuses it before the device is asked, and the device signs the other', async () => {
    const bench = new LimitsBench(entry)
    bench.wallClock = refused.at
    const result = await bench.answerTo(refused.payload)
    expect(result).toMatchObject({ outcome: 'refused', refusal: { rule } })
    expect(bench.events).toMatchObject([{ outcome: 'refused', rule }])
    expect(bench.asked).toEqual([])
    bench.wallClock = signed.at
    expect(await bench.ask(signed.payload)).toBe('signed')
    expect(bench.asked).toEqual([signed.payload])
    bench.close()
  })
})
