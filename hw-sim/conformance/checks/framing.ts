import { crc16, encodeCommand, encodeFrame, KEY_FORMAT } from '../../../src/device/tezio/index.js'
import { concatBytes } from '../../../src/tezos/index.js'
import type { Status } from '../../profile.js'
import type { Check, Run } from '../check.js'
import { keyBody } from '../commands.js'
import { judged, leftOut, type Judgement } from '../judgement.js'
import { bodyProblem, describe, statusProblem, type Reply } from '../reply.js'

/** Well under the 100 ms a device waits for the rest of a packet, whatever the host adds. */
const PAUSE_MS = 5
/** A pause that came out longer proves nothing. */
const LONGEST_PAUSE_MS = 50
const ATTEMPTS = 3

const BODY = keyBody(1, KEY_FORMAT.raw)
const COMMAND = encodeCommand(BODY)

/** Framing: noise, pieces, checksums and lengths. The command is GET_PK throughout, which changes nothing. */
export const FRAMING_CHECKS: readonly Check[] = [
  {
    id: 'framing.noise',
    title: 'bytes before the prefix are skipped',
    disturbsFraming: true,
    judge: (run) =>
      asReference(
        run,
        NOISE.map((noise) => [`${noise.length} bytes of noise`, concatBytes(noise, COMMAND)]),
      ),
  },
  {
    id: 'framing.split',
    title: 'a command may come in pieces, within 100 ms',
    disturbsFraming: true,
    judge: judgeSplit,
  },
  {
    id: 'framing.crc-wrong',
    title: 'a command with a wrong checksum is refused, whichever bit is wrong',
    disturbsFraming: true,
    judge: (run) => asRefused(run, flippedBits(), 'checksum-wrong'),
  },
  {
    id: 'framing.crc-swapped',
    title: 'the checksum is little endian',
    disturbsFraming: true,
    judge: (run) => asRefused(run, [['checksum bytes swapped', swapped()]], 'checksum-wrong'),
  },
  {
    id: 'framing.crc-zero',
    title: 'a checksum of zeros is no exception',
    disturbsFraming: true,
    judge: (run) =>
      asRefused(
        run,
        [['checksum 0', concatBytes(COMMAND.slice(0, -2), new Uint8Array(2))]],
        'checksum-wrong',
      ),
  },
  {
    id: 'framing.declared-short',
    title: 'a declared length without room for a body is refused',
    disturbsFraming: true,
    judge: (run) =>
      asRefused(
        run,
        [
          ['declared length 2', Uint8Array.of(3, 2, 0)],
          ['declared length 4', Uint8Array.of(3, 4, 0, 0, 0)],
        ],
        'packet-too-short',
      ),
  },
  {
    id: 'framing.prefix-alone',
    title: 'a prefix without a length is refused',
    disturbsFraming: true,
    judge: (run) =>
      asReadError(
        run,
        [
          ['the prefix alone', [3]],
          ['one length byte', [3, 7]],
        ],
        'packet-too-short',
        'length-missing',
      ),
  },
  {
    id: 'framing.declared-long',
    title: 'a packet shorter than declared is refused',
    disturbsFraming: true,
    judge: (run) =>
      asReadError(
        run,
        [
          ['declared 32, sent 7', declaring(32)],
          ['declared 1024, sent 7', declaring(1024)],
        ],
        'checksum-wrong',
        'packet-short',
      ),
  },
  {
    id: 'framing.length-differs',
    title: 'a packet shorter than declared is refused although its checksum is right',
    disturbsFraming: true,
    judge: (run) =>
      asReadError(
        run,
        [['declared 32, sent 7', declaringWithCrc(32)]],
        'packet-length-differs',
        'packet-short',
      ),
  },
  {
    id: 'framing.opcode',
    title: 'an unknown opcode is refused',
    judge: (run) =>
      asRefused(
        run,
        [0x00, 0x10, 0x12, 0x20, 0x23, 0xff].map((opcode) => [
          `opcode ${opcode}`,
          encodeCommand(Uint8Array.of(opcode, 1, 1)),
        ]),
        'opcode-unknown',
      ),
  },
]

type Attempt = readonly [what: string, bytes: Uint8Array | readonly number[]]

/** None of them holds a prefix. */
const NOISE = [Uint8Array.of(0x00, 0xff, 0x42), new TextEncoder().encode('Confirm (Y/n) \r\n'.repeat(12))]

/** What the device answers to the plain command: a key or, by its policy, a refusal. */
export function reference(run: Run): Promise<Reply> {
  return run.prober.ask(BODY)
}

async function asReference(run: Run, attempts: readonly Attempt[]): Promise<Judgement> {
  const usual = await reference(run)
  if (usual.kind !== 'body') return leftOut(`GET_PK was not answered: ${describe(usual)}`)
  const problems: (string | undefined)[] = []
  for (const [what, bytes] of attempts) {
    problems.push(bodyProblem(what, await run.prober.send([Uint8Array.from(bytes)]), usual.body))
  }
  return judged(problems)
}

async function judgeSplit(run: Run): Promise<Judgement> {
  const usual = await reference(run)
  if (usual.kind !== 'body') return leftOut(`GET_PK was not answered: ${describe(usual)}`)
  const problems: (string | undefined)[] = []
  for (const at of [1, 2, 3, 5, COMMAND.length - 1]) {
    const reply = await inPieces(run, [COMMAND.slice(0, at), COMMAND.slice(at)], PAUSE_MS)
    problems.push(bodyProblem(`split after ${at} bytes`, reply, usual.body))
  }
  const bytes = Array.from(COMMAND, (byte) => Uint8Array.of(byte))
  problems.push(bodyProblem('one byte a write', await inPieces(run, bytes, 0), usual.body))
  return judged(problems)
}

/** When the host itself was held up between the pieces, the device is not to blame: it is asked again. */
async function inPieces(run: Run, pieces: readonly Uint8Array[], pauseMs: number): Promise<Reply> {
  for (let attempt = 1; ; attempt += 1) {
    const startMs = run.prober.now()
    const reply = await run.prober.send(pieces, pauseMs)
    const writingMs = run.prober.now() - startMs - reply.ms
    if (writingMs < LONGEST_PAUSE_MS || attempt === ATTEMPTS) return reply
    await run.prober.resynchronise()
    await run.prober.strayBytes() // the device gave up waiting, and said so
  }
}

async function asRefused(run: Run, attempts: readonly Attempt[], status: Status): Promise<Judgement> {
  const problems: (string | undefined)[] = []
  for (const [what, bytes] of attempts) {
    problems.push(statusProblem(what, await run.prober.send([Uint8Array.from(bytes)]), status))
  }
  return judged(problems)
}

/** Surprise 7: a stock firmware reports what it finds in the bytes that came, a fixed one that some did not. */
async function asReadError(
  run: Run,
  attempts: readonly Attempt[],
  stock: Status,
  fixed: Status,
): Promise<Judgement> {
  const problems: (string | undefined)[] = []
  for (const [what, bytes] of attempts) {
    const reply = await run.prober.send([Uint8Array.from(bytes)])
    const isStock = statusProblem(what, reply, stock) === undefined
    const isFixed = statusProblem(what, reply, fixed) === undefined
    run.observations.note(7, isStock ? 'stock' : isFixed ? 'fixed' : 'other', `${what}: ${describe(reply)}`)
    problems.push(statusProblem(what, reply, stock, fixed))
    await run.prober.resynchronise()
  }
  return judged(problems)
}

function flippedBits(): readonly Attempt[] {
  const bits = [24, 35, ...Array.from({ length: 16 }, (_, bit) => (COMMAND.length - 2) * 8 + bit)]
  return bits.map((bit) => {
    const bytes = COMMAND.slice()
    bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7))
    return [`bit ${bit & 7} of byte ${bit >> 3} flipped`, bytes]
  })
}

const swapped = (): Uint8Array => concatBytes(COMMAND.slice(0, -2), COMMAND.slice(-2).reverse())

function declaring(size: number): Uint8Array {
  const bytes = COMMAND.slice()
  new DataView(bytes.buffer).setUint16(1, size, true)
  return bytes
}

function declaringWithCrc(size: number): Uint8Array {
  const frame = encodeFrame(BODY)
  const view = new DataView(frame.buffer)
  view.setUint16(0, size, true)
  view.setUint16(frame.length - 2, crc16(frame.subarray(0, frame.length - 2)), true)
  return concatBytes(Uint8Array.of(3), frame)
}
