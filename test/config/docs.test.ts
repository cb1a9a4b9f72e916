import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { isMap, isScalar, parseDocument, visit } from 'yaml'
import { z } from 'zod'
import { parseConfig } from '../../src/config/index.js'
import { fileSchema } from '../../src/config/schema.js'
import { ALLOWED_KINDS } from '../../src/config/values.js'
import { KEY_SECTION, parse, refusal, TZ1 } from './fixture.js'

const page = readFileSync(new URL('../../docs/config.md', import.meta.url), 'utf8')
const example = /```yaml\n([\s\S]*?)```/.exec(page)?.[1] ?? ''

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

test('the annotated example shows every key there is', () => {
  const shown = new Set<unknown>()
  visit(parseDocument(example), {
    Pair: (_, { key }) => {
      if (isScalar(key)) shown.add(key.value)
    },
  })
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
  expect(shown.device).toEqual({ ...defaults.device, serialNumber: shown.device.serialNumber })
})

test('every kind that allow takes is listed', () => {
  expect(ALLOWED_KINDS.filter((kind) => !page.includes(`\`${kind}\``))).toEqual([])
})

test('every key of the example has a comment above it or is a section of commented keys', () => {
  const document = parseDocument(example)
  expect(isMap(document.contents)).toBe(true)
  for (const line of example.split('\n').filter((text) => /^ *[a-z_]+: \S/.test(text))) {
    const before = example.slice(0, example.indexOf(line)).trimEnd().split('\n').at(-1) ?? ''
    expect(before, line).toMatch(/^ *#/)
  }
})

test('the messages that the page shows are the ones that are written', () => {
  const key = `    ${TZ1}:\n      chain: ghostnet\n      allowed_ops: [3]\n`
  const text = `policy:\n  signing_keys:\n${key}server:\n  listen: "127.0.0.1:70000"\n`
  const error = refusal(() => parseConfig(text, { file: 'config.yaml', defaultStateDir: 'state' }))
  expect(error.message.trim()).toBe(/```text\n([\s\S]*?)```/.exec(page)?.[1]?.trim())
})
