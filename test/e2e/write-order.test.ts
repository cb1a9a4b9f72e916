import { describe, expect, it } from 'vitest'
import { encodeCommand, sign } from '../../src/device/tezio/index.js'
import { payloadDigest, toHex } from '../../src/tezos/index.js'
import { vote } from '../tezos/build-payload.js'
import { parseTrace } from './strace.js'
import { judgeWriteOrder } from './write-order.js'

const PATHS = { directory: '/state', journal: '/state/marks.journal', port: '/dev/ttyACM0' }
const payload = vote({ tag: 0x15, level: 8 })
const rival = vote({ tag: 0x15, level: 8, slot: Uint8Array.of(0, 0) })
const text = (bytes: Uint8Array | string) =>
  `"${[...Buffer.from(bytes)].map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('')}"`
const markLine = (of: Uint8Array) => `{"seq":1,"type":"mark","digest":"${toHex(payloadDigest(of))}"}\n`
const command = (message: Uint8Array) => encodeCommand(sign.encode({ alias: 3, message }))

// What strace writes of a start, and of a signature.
const NEW = `10 openat(AT_FDCWD, ${text('/state/marks.journal.new')}, O_WRONLY|O_CREAT|O_TRUNC|O_CLOEXEC, 0600) = 18`
const NEW_WRITE = `10 write(18, ${text('{"seq":1,"type":"segment"}\n')}, 27) = 27`
const NEW_SYNC = '10 fsync(18) = 0'
const CLOSE = '10 close(18) = 0'
const RENAME = `10 rename(${text('/state/marks.journal.new')}, ${text('/state/marks.journal')}) = 0`
const DIRECTORY = `10 openat(AT_FDCWD, ${text('/state')}, O_RDONLY|O_CLOEXEC) = 18`
const APPEND = `10 openat(AT_FDCWD, ${text('/state/marks.journal')}, O_RDWR|O_APPEND|O_CLOEXEC) = 19`
const PORT = `12 openat(AT_FDCWD, ${text('/dev/ttyACM0')}, O_RDWR|O_NOCTTY|O_NONBLOCK) = 20`
const START = [NEW, NEW_WRITE, NEW_SYNC, CLOSE, RENAME, DIRECTORY, NEW_SYNC, CLOSE, APPEND, PORT]
const MARK = `10 write(19, ${text(markLine(payload))}, 300) = 300`
const SYNC = '10 fdatasync(19)                     = 0'
const SIGN = `10 write(20, ${text(command(payload))}, 90) = 90`
const PROBE = `10 write(20, ${text(Uint8Array.of(3, 9, 0, 0x11, 1, 1, 0, 0, 0, 0))}, 10) = 10`

const judged = (...lines: readonly string[]) => judgeWriteOrder(parseTrace(lines.join('\n')), PATHS)

describe('the judge of the order of system calls', () => {
  it('finds nothing wrong in the right order, across threads, and where a signature is asked for again', () => {
    expect(judged(...START, PROBE, MARK, SYNC, SIGN, SIGN)).toMatchObject({
      signatures: 2,
      marks: 1,
      faults: [],
    })
    const unfinished = [
      `11 read(3,  <unfinished ...>`,
      '10 fdatasync(19 <unfinished ...>',
      '11 <... read resumed>"", 10) = 0',
      '10 <... fdatasync resumed>)             = 0',
    ]
    expect(judged(...START, MARK, ...unfinished, SIGN)).toMatchObject({ signatures: 1, faults: [] })
  })

  it('counts the marks that a start has written anew', () => {
    const start = START.with(1, `10 write(18, ${text(markLine(payload))}, 300) = 300`)
    expect(judged(...start, SIGN)).toMatchObject({ signatures: 1, marks: 0, faults: [] })
    expect(judged(...START, SIGN).faults).toHaveLength(1)
  })

  const wrong: readonly (readonly [string, readonly string[], RegExp])[] = [
    ['a sync that is missing', [MARK, SIGN], /not synced/],
    ['a port that is first', [SIGN, MARK, SYNC], /whose mark is not synced/],
    ['a mark that is missing', [SIGN], /whose mark is not synced/],
    ['a sync that comes after the port', [MARK, SIGN, SYNC], /not synced/],
    ['a sync that failed', [MARK, '10 fdatasync(19) = -1 EIO (Input/output error)', SIGN], /not synced/],
    ['a sync of another file', [MARK, '10 fdatasync(20) = 0', SIGN], /not synced/],
    ['a sync that began before the mark was written', [SYNC, MARK, SIGN], /not synced/],
    [
      'a mark for another payload',
      [MARK.replace(text(markLine(payload)), text(markLine(rival))), SYNC, SIGN],
      /SIGN for/,
    ],
    [
      'anything for the port between the mark and its sync',
      [MARK, PROBE, SYNC, SIGN],
      /while a mark is not synced/,
    ],
    [
      'a port that does not wait for the end of the sync',
      [
        MARK,
        '10 fdatasync(19 <unfinished ...>',
        SIGN.replace(/^10/, '11'),
        '10 <... fdatasync resumed>) = 0',
      ],
      /while a mark is not synced/,
    ],
    ['a sync that never returned', [MARK, '10 fdatasync(19) = ?', SIGN], /not synced/],
    [
      'a second descriptor of the port',
      [MARK, '10 dup(20) = 21', SIGN.replace('write(20', 'write(21'), SYNC],
      /not synced/,
    ],
    ['writes that nobody sees', [MARK, SYNC, '10 io_uring_enter(7, 1, 0, 0, NULL, 8) = 1'], /io_uring/],
  ]

  it.each(wrong)('finds %s', (_, lines, fault) => {
    expect(judged(...START, ...lines).faults.join('\n')).toMatch(fault)
  })

  it.each([
    ['the new file was not synced', 2, /replaced by a file that is not synced/],
    ['it was not renamed', 4, /before it is in place/],
    ['its directory was not synced', 6, /before it is in place/],
    ['it was not written anew', 0, /not synced|before it is in place/],
  ] as const)('finds a journal that is opened although %s', (_, without, fault) => {
    const start = START.filter((_line, index) => index !== without)
    expect(judged(...start, MARK, SYNC, SIGN).faults.join('\n')).toMatch(fault)
  })
})
