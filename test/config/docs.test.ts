import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { isMap, isScalar, parseDocument, visit } from 'yaml'
import { z } from 'zod'
import { isTezio, parseConfig } from '../../src/config/index.js'
import { fileSchema } from '../../src/config/schema.js'
import { ALLOWED_KINDS } from '../../src/config/values.js'
import { KEY_SECTION, parse, refusal, TZ1 } from './fixture.js'

const page = readFileSync(new URL('../../docs/config.md', import.meta.url), 'utf8')
const [example = '', several = '', dynamo = '', ethereum = ''] = [
  ...page.matchAll(/```yaml\n([\s\S]*?)```/g),
].map(([, text]) => text)

const CLIENT_SECTION = `policy:
  signing_keys: { ${TZ1}: { devices: board, allowed_ops: [0x03] } }
  clients: { treasury: { token_file: t } }
`
const TOKEN_SECTION = `devices:
  board: { kind: tezio }
  token: { kind: pkcs11, module: /usr/lib/m.so, token: { label: x } }
`

/** Every key that the schema knows, in any section. */
function keysOf(schema: unknown): readonly string[] {
  if (schema instanceof z.ZodPipe) return keysOf(schema.out)
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable) return keysOf(schema.unwrap())
  if (schema instanceof z.ZodPipe) return keysOf(schema.out)
  if (schema instanceof z.ZodArray) return keysOf(schema.element)
  if (schema instanceof z.ZodRecord) return keysOf(schema.valueType)
  if (!(schema instanceof z.ZodObject)) return []
  return Object.entries(schema.shape).flatMap(([key, inner]) => [key, ...keysOf(inner)])
}

test('the annotated example is a configuration without warnings', () => {
  const config = parse(example)
  expect(config.warnings).toEqual([])
  expect(config.keys).toHaveLength(2)
})

test('the example with several devices is a configuration without warnings, for either store of marks', () => {
  const config = parse(several)
  expect(config.warnings).toEqual([])
  expect(config.devices.map(({ name, kind }) => [name, kind])).toEqual([
    ['left', 'tezio'],
    ['right', 'tezio'],
    ['token', 'pkcs11'],
    ['other-token', 'pkcs11'],
  ])
  expect(config.marks.shared?.kind).toBe('postgresql')
  expect(config.returnAfterMs).toBe(parse(KEY_SECTION).returnAfterMs)
  const other = parse(`${several.slice(0, several.indexOf('\nmarks:'))}\n${dynamo}`)
  expect(other.marks.shared).toMatchObject({ kind: 'dynamodb', timeoutMs: 1500 })
})

test('the example of Ethereum is a configuration without warnings', () => {
  const config = parse(`${CLIENT_SECTION}${TOKEN_SECTION}${ethereum}`)
  expect(config.warnings).toEqual([])
  expect(config.ethereum?.transfers?.windows).toEqual([{ hours: 24, maxWei: 3n * 10n ** 18n }])
  expect(config.accounts?.vault?.devices).toEqual(['board'])
})

test('the annotated examples show every key there is', () => {
  const shown = new Set<unknown>()
  for (const text of [example, several, dynamo, ethereum]) {
    visit(parseDocument(text), {
      Pair: (_, { key }) => {
        if (isScalar(key)) shown.add(key.value)
      },
    })
  }
  expect(keysOf(fileSchema).filter((key) => !shown.has(key))).toEqual([])
  expect(keysOf(fileSchema).length).toBeGreaterThan(35)
})

test('the values that the example gives as defaults are the defaults', () => {
  const defaults = parse(KEY_SECTION)
  const shown = parse(example)
  expect(shown.server.listen).toEqual(defaults.server.listen)
  expect(shown.server.queueTimeoutMs).toBe(defaults.server.queueTimeoutMs)
  expect(shown.admin).toEqual(defaults.admin)
  expect(shown.marks).toEqual(defaults.marks)
  expect(shown.chains).toEqual(defaults.chains)
  expect(shown.headCheck).toEqual(
    parse(`${KEY_SECTION}head_check: { rpc: "${shown.headCheck?.rpc}" }`).headCheck,
  )
  const [board] = shown.devices.filter(isTezio)
  expect(shown.devices).toEqual([{ ...defaults.devices[0], serialNumber: board?.serialNumber }])
})

test('every kind that allow takes is listed', () => {
  expect(ALLOWED_KINDS.filter((kind) => !page.includes(`\`${kind}\``))).toEqual([])
})

test('every key of the example has a comment above it or is a section of commented keys', () => {
  for (const text of [example, several, dynamo, ethereum]) {
    expect(isMap(parseDocument(text).contents)).toBe(true)
    for (const { 0: line, index } of text.matchAll(/^ *[a-z_]+: \S.*$/gm)) {
      const before = text.slice(0, index).trimEnd().split('\n').at(-1) ?? ''
      expect(before, line).toMatch(/^ *#/)
    }
  }
})

test('the messages that the page shows are the ones that are written', () => {
  const key = `    ${TZ1}:\n      chain: ghostnet\n      allowed_ops: [3]\n`
  const text = `policy:\n  signing_keys:\n${key}server:\n  listen: "127.0.0.1:70000"\n`
  const error = refusal(() => parseConfig(text, { file: 'config.yaml', defaultStateDir: 'state' }))
  expect(error.message.trim()).toBe(/```text\n([\s\S]*?)```/.exec(page)?.[1]?.trim())
})
