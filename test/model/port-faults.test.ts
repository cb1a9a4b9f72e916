import { afterEach, describe, expect, test } from 'vitest'
import { errorResponse } from '../../src/server/http-status.js'
import { atSign } from './disturbance.js'
import { FaultyPort, type WriteFault } from './faulty-port.js'
import { MARKED, TZ1, type Asked } from './place.js'
import { World, type Heard } from './world.js'

/** The longest a request with its own turn may take: the deadline of a SIGN, in ms. */
const SIGN_TIMEOUT_MS = 1500

const block = (level: number, variant = 0): Asked => ({ place: { ...MARKED[0]!, level, round: 0 }, variant })
const otherKeys = { place: { ...MARKED.find(({ key }) => key === TZ1)!, level: 1, round: 0 }, variant: 0 }

const wordOf = (heard: Heard | undefined) => {
  if (heard === undefined || heard === 'nothing') return 'nothing'
  if (heard.outcome === 'refused') return heard.refusal.code
  return heard.repeated ? 'repeated' : 'signed'
}

type Bench = { readonly world: World; readonly port: FaultyPort }

/** What happens to one SIGN, what its client hears, and what it hears when it asks again once the link is in order. */
type Row = {
  readonly name: string
  readonly lay: (bench: Bench) => void
  readonly first: string
  readonly again: 'repeated' | 'signature-lost' | 'signed'
  /** What a request of another key hears that waited meanwhile; `signed` unless told. */
  readonly next?: string
}

const reply = (name: string, fault: string, parameters: object, first: string, again: Row['again']): Row => ({
  ...{ name, first, again },
  lay: ({ world }) => {
    let isFirst = true
    const when = ({ received }: { readonly received: { readonly name: string | undefined } }) => {
      const isStruck = isFirst && received.name === 'SIGN'
      if (isStruck) isFirst = false
      return isStruck
    }
    world.rack.arm(fault, parameters, { times: 1, when })
  },
})

const writing = (name: string, fault: WriteFault, first: string, again: Row['again']): Row => ({
  ...{ name, first, again },
  lay: ({ port }) => {
    port.next = fault
  },
})

const unplugged = (name: string, keep: number | undefined): Row => ({
  ...{ name, first: 'device-lost', again: 'signed' },
  lay: ({ world }) => {
    const run = () => {
      world.plug.unplug()
    }
    world.board.addBehaviour(
      atSign(0, (actions) => [
        ...actions.flatMap((action) =>
          action.kind === 'write' && keep !== undefined
            ? [{ ...action, bytes: action.bytes.slice(0, keep) }]
            : [],
        ),
        { kind: 'call', afterMs: 0, run },
      ]),
    )
  },
})

const ROWS: readonly Row[] = [
  writing(
    'F16 no byte of the command leaves and the port fails',
    { kind: 'fails', after: 0 },
    'device-lost',
    'signed',
  ),
  writing('F16 the port fails after the first byte', { kind: 'fails', after: 1 }, 'device-lost', 'signed'),
  writing(
    'F16 the port fails in the middle of the command',
    { kind: 'fails', after: 90 },
    'device-lost',
    'signed',
  ),
  writing(
    'F16 a write is short and nobody says so',
    { kind: 'loses', after: 90 },
    'device-refused',
    'signed',
  ),
  writing('F16 a write is lost and nobody says so', { kind: 'loses', after: 0 }, 'device-timeout', 'signed'),
  writing('F16 a write comes in two pieces', { kind: 'pauses', after: 90, ms: 20 }, 'signed', 'repeated'),
  writing(
    'F16 a write pauses for longer than the board waits',
    { kind: 'pauses', after: 90, ms: 300 },
    'device-refused',
    'signed',
  ),
  writing(
    'F18 a write hangs until after the deadline',
    { kind: 'hangs', ms: 2000 },
    'device-timeout',
    'signature-lost',
  ),
  unplugged('F16 unplugged when the whole command was read', undefined),
  unplugged('F16 unplugged after the first byte of the reply', 1),
  unplugged('F16 unplugged in the middle of the reply', 30),
  reply('F18 no reply', 'drop-reply', {}, 'device-timeout', 'signature-lost'),
  reply('F18 a late reply within the deadline', 'late-reply', { ms: 1400 }, 'signed', 'repeated'),
  reply(
    'F18 a reply just after the deadline',
    'late-reply',
    { ms: 1510 },
    'device-timeout',
    'signature-lost',
  ),
  reply(
    'F18 a reply during the resynchronisation',
    'late-reply',
    { ms: 2000 },
    'device-timeout',
    'signature-lost',
  ),
  reply('F19 a line of text before the reply', 'noise', { where: 'before' }, 'signed', 'repeated'),
  reply('F19 a line of text after the reply', 'noise', { where: 'after' }, 'signed', 'repeated'),
  reply(
    'F19 a line of text after the reply, later',
    'noise',
    { where: 'after', ms: 40 },
    'signed',
    'repeated',
  ),
  reply('F20 a reply cut to nothing', 'truncate', { keep: 0 }, 'device-timeout', 'signature-lost'),
  reply('F20 a reply cut to 1 byte', 'truncate', { keep: 1 }, 'device-reply-damaged', 'signature-lost'),
  reply('F20 a reply cut to 3 bytes', 'truncate', { keep: 3 }, 'device-reply-damaged', 'signature-lost'),
  reply('F20 a reply cut in its middle', 'truncate', { keep: 40 }, 'device-reply-damaged', 'signature-lost'),
  reply(
    'F20 a reply of length 0',
    'replace-reply',
    { hex: '0000' },
    'device-reply-damaged',
    'signature-lost',
  ),
  reply(
    'F20 a reply of length 1',
    'replace-reply',
    { hex: '0001ff' },
    'device-reply-damaged',
    'signature-lost',
  ),
  reply(
    'F20 a reply of length 3',
    'replace-reply',
    { hex: '0003ff' },
    'device-reply-damaged',
    'signature-lost',
  ),
  reply(
    'F20 a reply of length 65535',
    'replace-reply',
    { hex: 'ffff00' },
    'device-reply-damaged',
    'signature-lost',
  ),
  reply('F20 a flipped bit', 'flip-bit', { bit: 100 }, 'device-reply-damaged', 'signature-lost'),
  reply('F20 a wrong CRC', 'wrong-crc', {}, 'device-reply-damaged', 'signature-lost'),
  reply('F20 a reply with more bytes behind it', 'extra-bytes', {}, 'signed', 'repeated'),
  reply('F20 a reply twice in one piece', 'duplicate-reply', { ms: 0 }, 'signed', 'repeated'),
  // the second one meets the next SIGN, and is withheld because it does not verify
  {
    ...reply('F20 a reply twice', 'duplicate-reply', { ms: 3 }, 'signed', 'repeated'),
    next: 'signature-invalid',
  },
  reply('F20 a reply in one byte after another', 'byte-by-byte', { ms: 1 }, 'signed', 'repeated'),
  ...['bit-flip', 'other-key', 'other-message', 'zeros'].map((how) =>
    reply(
      `F21 a wrong signature (${how})`,
      'wrong-signature',
      { how },
      'signature-invalid',
      'signature-lost',
    ),
  ),
]

let open: World | undefined
afterEach(async () => {
  await open?.destroy()
  open = undefined
})

/** A world that has signed level 1, with a port that can be spoiled. */
async function started(): Promise<Bench> {
  const port = new FaultyPort()
  const world = new World({ port: port.around })
  open = world
  await world.start()
  expect(await words(world, block(1))).toEqual(['signed'])
  return { world, port }
}

async function words(world: World, ...requests: readonly Asked[]): Promise<readonly string[]> {
  const heard = await world.ask(requests)
  for (const one of heard) {
    if (one === 'nothing' || one.outcome === 'signed') continue
    expect([409, 500]).toContain(errorResponse(one.refusal).status)
  }
  return heard.map(wordOf)
}

async function plugIn(world: World): Promise<void> {
  world.plug.replug()
  await world.time.pass(0) // by now the driver knows that the plug was out
  await world.untilReady()
}

describe('through the guarded signer', () => {
  const rows = ROWS.map((row) => [row.name, row.first, row.again, row] as const)

  test.each(rows)('%s: %s, and %s when it is asked for again', async (_, first, again, { lay }) => {
    const bench = await started()
    const { world } = bench
    lay(bench)
    const sentAt = world.time.now()
    expect(await words(world, block(2))).toEqual([first])
    expect(world.time.now() - sentAt).toBeLessThanOrEqual(SIGN_TIMEOUT_MS)
    expect(await words(world, block(2, 1))).toEqual(['conflicts-with-mark'])
    await plugIn(world)
    expect(await words(world, block(2), block(2, 1))).toEqual([again, 'conflicts-with-mark'])
    world.board.reboot()
    expect(await words(world, block(2))).toEqual([again === 'signature-lost' ? 'signed' : 'repeated'])
    expect(await words(world, block(3))).toEqual(['signed'])
    const { signs } = world
    await world.time.pass(10_000) // nothing was left behind that is sent later
    expect(world.signs).toBe(signs)
  })

  const plugged = rows.filter(([, first]) => first !== 'device-lost')

  test.each(plugged)(
    '%s (%s): the next request, of another key, never gets its reply',
    async (_, first, __, { lay, next = 'signed' }) => {
      const bench = await started()
      const { world } = bench
      lay(bench)
      // who waits meanwhile is served behind the resynchronisation; every signature is verified
      expect(await words(world, block(2), otherKeys)).toEqual([first, next])
    },
  )
})
