import { fromHex } from '../../src/tezos/index.js'
import { defineFault, type FaultDefinition } from './fault.js'
import { choice, milliseconds, text, wholeNumber } from './parameter.js'
import { endOf, rewritten, shifted, silenced, spreadOut, write, writtenBytes } from './written.js'

const HEX = /^(?:[0-9a-fA-F]{2}){1,65536}$/
const hexText = (fallback: string, description: string) =>
  text(fallback, HEX, '1 to 65536 bytes of hex', description)

/** What a cable and a careless firmware do to a reply that was made: nothing here knows what it says. */
export const REPLY_FAULTS: readonly FaultDefinition[] = [
  defineFault({
    name: 'drop-reply',
    description: 'the command is carried out, its reply never comes',
    parameters: {},
    make: () => ({ apply: (actions) => rewritten(actions, () => new Uint8Array()) }),
  }),
  defineFault({
    name: 'late-reply',
    description: 'the reply comes late, and commands sent meanwhile wait',
    parameters: { ms: milliseconds(300, 'how much later, in milliseconds') },
    make: ({ ms }) => ({ apply: (actions) => (hasBytes(actions) ? shifted(actions, ms) : undefined) }),
  }),
  defineFault({
    name: 'truncate',
    description: 'only the first bytes of the reply come',
    parameters: { keep: wholeNumber(10, { min: 0, max: 1024 }, 'how many bytes come') },
    make: ({ keep }) => ({ apply: (actions) => rewritten(actions, (bytes) => bytes.slice(0, keep)) }),
  }),
  defineFault({
    name: 'flip-bit',
    description: 'one bit of the reply is wrong, and so its CRC does not fit',
    parameters: {
      bit: wholeNumber(
        16,
        { min: 0, max: 8191 },
        'which, from the lowest bit of the first byte; counted round when the reply is shorter',
      ),
    },
    make: ({ bit }) => ({ apply: (actions) => rewritten(actions, (bytes) => withFlippedBit(bytes, bit)) }),
  }),
  defineFault({
    name: 'wrong-crc',
    description: 'the reply ends with a wrong CRC: both its bytes are inverted',
    parameters: {},
    make: () => ({ apply: (actions) => rewritten(actions, withInvertedEnd) }),
  }),
  defineFault({
    name: 'duplicate-reply',
    description: 'the reply comes twice',
    parameters: { ms: milliseconds(0, 'how long after the first, in milliseconds') },
    make: ({ ms }) => ({
      apply: (actions) =>
        hasBytes(actions) ? [...actions, write(endOf(actions) + ms, writtenBytes(actions))] : undefined,
    }),
  }),
  defineFault({
    name: 'extra-bytes',
    description: 'more bytes follow the reply',
    parameters: { hex: hexText('0000ffff', 'which bytes, in hex') },
    make: ({ hex }) => ({
      apply: (actions) => (hasBytes(actions) ? [...actions, write(endOf(actions), bytesOf(hex))] : undefined),
    }),
  }),
  defineFault({
    name: 'byte-by-byte',
    description: 'the reply comes one byte per write',
    parameters: { ms: milliseconds(1, 'time between two bytes, in milliseconds') },
    make: ({ ms }) => ({ apply: (actions) => spreadOut(actions, ms) }),
  }),
  defineFault({
    name: 'noise',
    description:
      'a line of ASCII that nobody asked for comes before a reply, or after it and so between replies',
    parameters: {
      where: choice(['before', 'after'], 'where it comes'),
      text: text('debug: loop 12\r\n', /^[\t\r\n -~]{1,1024}$/, '1 to 1024 ASCII characters', 'what it says'),
      ms: milliseconds(0, 'time between the line and the reply, in milliseconds'),
    },
    actsAlone: true,
    make: ({ where, text, ms }, { device }) => {
      const line = new TextEncoder().encode(text)
      return {
        apply: (actions) =>
          where === 'before'
            ? [write(0, line), ...shifted(actions, ms)]
            : [...actions, write(endOf(actions) + ms, line)],
        actAlone: () => {
          device.transmit(line)
        },
      }
    },
  }),
  defineFault({
    name: 'replace-reply',
    description: 'other bytes come in place of the reply, as they were recorded from a board',
    parameters: { hex: hexText('0500a1', 'which bytes, in hex, frame included') },
    make: ({ hex }) => ({
      apply: (actions) =>
        hasBytes(actions) ? [...silenced(actions), write(endOf(actions), bytesOf(hex))] : undefined,
    }),
  }),
]

const hasBytes = (actions: Parameters<typeof writtenBytes>[0]) => writtenBytes(actions).length > 0

/** Bytes of hex that a parameter's form has passed. */
const bytesOf = (hex: string): Uint8Array => fromHex(hex) ?? new Uint8Array()

function withFlippedBit(bytes: Uint8Array, bit: number): Uint8Array {
  const at = Math.floor(bit / 8) % bytes.length
  return bytes.map((byte, index) => (index === at ? byte ^ (1 << (bit % 8)) : byte))
}

function withInvertedEnd(bytes: Uint8Array): Uint8Array {
  return bytes.map((byte, index) => (index >= bytes.length - 2 ? byte ^ 0xff : byte))
}
