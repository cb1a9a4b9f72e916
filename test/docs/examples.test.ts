import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { boardLatencyMs } from '../../hw-sim/latency.js'
import { parseConfig } from '../../src/config/index.js'
import {
  crc16,
  encodeCommand,
  encodeFrame,
  FRAME_OVERHEAD,
  MAX_COMMAND_SIZE,
  MAX_MESSAGE_SIZE,
  STATUS_BYTES,
} from '../../src/device/tezio/index.js'
import { errorResponse } from '../../src/server/http-status.js'
import { fromHex, toHex } from '../../src/tezos/index.js'
import { codeSpans, readDocument, tableRows } from './documents.js'

const readme = readDocument('README.md')
const protocol = readDocument('docs/protocol.md')
const { cases } = z
  .object({ cases: z.array(z.object({ send: z.string(), reply: z.string().nullable() })) })
  .parse(JSON.parse(readFileSync(new URL('../vectors/tezio-transcripts.json', import.meta.url), 'utf8')))

describe('the configurations of the README', () => {
  const examples = readme.fences.filter(({ language }) => language === 'yaml')

  test('are there', () => {
    expect(examples).toHaveLength(5)
  })

  test.each(examples)('the one at line $at is accepted', ({ lines }) => {
    const indent = /^ */.exec(lines[0] ?? '')?.[0].length ?? 0
    const text = lines.map((line) => line.slice(indent)).join('\n')
    const { keys, stateDir } = parseConfig(text, {
      file: '/etc/tezio/config.yaml',
      stateDir: undefined,
      defaultStateDir: 'tezio-bridge-state',
    })
    expect(keys).toHaveLength(1)
    expect(stateDir).toBe('/etc/tezio/tezio-bridge-state')
  })
})

type Exchange = { readonly send: string; readonly reply: string }

/** The exchanges of docs/protocol.md: a line of `>` and one of `<`, each with the indented lines that follow. */
function exchanges(): readonly Exchange[] {
  const lines = protocol.fences.flatMap((fence) => fence.lines).filter((line) => /^(?:[<>] | {5})/.test(line))
  const messages = lines
    .join('\n')
    .split(/\n(?=[<>])/)
    .map((text) => text.replace(/\s/g, ''))
  return messages.flatMap((text, index) => {
    if (!text.startsWith('>')) return []
    return [{ send: text.slice(1), reply: (messages[index + 1] ?? '').slice(1) }]
  })
}

const bytesOf = (hex: string) => {
  const bytes = fromHex(hex)
  if (bytes === undefined) throw new Error(`not hex: ${hex}`)
  return bytes
}

describe('docs/protocol.md', () => {
  test.each(exchanges())('$send is a recorded exchange', ({ send, reply }) => {
    expect(cases).toContainEqual(expect.objectContaining({ send, reply }))
  })

  test('shows exchanges, and refusals among them', () => {
    expect(exchanges()).toHaveLength(8)
    expect(exchanges().filter(({ reply }) => reply.startsWith('0500'))).toHaveLength(5)
  })

  test.each(exchanges())('$send and its answer are frames as the codec writes them', ({ send, reply }) => {
    const body = bytesOf(reply).slice(2, -2)
    expect(toHex(encodeFrame(body))).toBe(reply)
    if (send.slice(-4) !== '3387') expect(toHex(encodeCommand(bytesOf(send).slice(3, -2)))).toBe(send)
  })

  test('gives the check value of the CRC', () => {
    const check = crc16(new TextEncoder().encode('123456789'))
    expect(protocol.text).toContain(`**0x${check.toString(16).toUpperCase()}**`)
  })

  test('gives the sizes that the code keeps to', () => {
    expect(protocol.text).toContain(`the longest command is ${MAX_COMMAND_SIZE} bytes`)
    expect(protocol.text).toContain(`signed is ${MAX_MESSAGE_SIZE} bytes`)
    expect(protocol.text).toContain(`plus ${FRAME_OVERHEAD}`)
  })

  test('lists every status byte by its name', () => {
    const listed = [protocol, readDocument('docs/firmware-eth.md')].flatMap((page) => tableRows(page, 'byte'))
    const rows = listed.map(([byte, name]) => [Number(byte), name])
    const known = STATUS_BYTES.map(([byte, name]) => [byte, `\`${name}\``])
    expect(rows.toSorted(([a], [b]) => Number(a) - Number(b))).toEqual(known)
  })

  test('gives the times that the simulated board takes', () => {
    const times = tableRows(protocol, 'command').map(([, ms]) => Number(ms))
    const timeOf = (name: 'GET_PK' | 'SIGN' | 'VERIFY', opcode: number, param1: number, param2: number) =>
      boardLatencyMs({
        number: 1,
        atMs: 0,
        packet: new Uint8Array(),
        command: { opcode, param1, param2 },
        name,
        outcome: { kind: 'value', body: new Uint8Array() },
        reply: new Uint8Array(),
      })
    expect(times).toEqual([
      timeOf('GET_PK', 0x11, 1, 1),
      timeOf('GET_PK', 0x11, 1, 4),
      timeOf('SIGN', 0x21, 3, 3),
      timeOf('SIGN', 0x21, 2, 3),
      timeOf('SIGN', 0x21, 1, 3),
      timeOf('VERIFY', 0x22, 3, 3),
    ])
  })
})

test('docs/signature.md gives every code word with its status', () => {
  const rows = tableRows(readDocument('docs/signature.md'), 'status')
  const words = rows.flatMap(([status, codes = '']) =>
    codeSpans(codes).map((code) => ({ code, status: Number(status) })),
  )
  expect(new Set(words.map(({ code }) => code)).size).toBe(words.length)
  expect(words).toHaveLength(codesOfTable().length)
  for (const { code, status } of words) {
    expect(codesOfTable()).toContain(code)
    // the table above is checked to hold these very codes, so each one is a code
    expect(errorResponse({ code: code as 'no-mark', message: '' }).status, code).toBe(status)
  }
})

/** The keys of the one table of statuses, from its source: its type cannot be listed. */
function codesOfTable(): readonly string[] {
  const source = readFileSync(new URL('../../src/server/http-status.ts', import.meta.url), 'utf8')
  const table = /const STATUS[^{]*\{([^}]*)\}/.exec(source)?.[1] ?? ''
  return [...table.matchAll(/'([a-z-]+)': \d{3}/g)].map(([, code = '']) => code)
}
