import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  connectInProcess,
  createSimulatedTezio,
  judgeDevice,
  junitReport,
  KEY_NAMES,
  LinkLostError,
  ManualClock,
  summaryText,
  type Exchanger,
  type JudgeOptions,
  type Report,
  type SimulatedTezioOptions,
} from '../../hw-sim/index.js'
import { escapeXml } from '../../hw-sim/conformance/junit.js'
import { Prober } from '../../hw-sim/conformance/prober.js'
import { percentile } from '../../hw-sim/conformance/checks/timing.js'
import { encodeCommand, encodeFrame, joinBody, MODE, OPCODE } from '../../src/device/tezio/index.js'
import { TEST_KEYS, vote } from './bench.js'

const CONSENSUS = [0x11, 0x12, 0x13]
const BAKER = { magicBytes: [0x03, ...CONSENSUS] }

function setUp(options: Partial<SimulatedTezioOptions> = {}) {
  const clock = new ManualClock()
  const device = createSimulatedTezio({ keys: TEST_KEYS, clock, logSize: 10_000, ...options })
  return { device, clock, cable: connectInProcess(device, clock) }
}

async function judge(device: Partial<SimulatedTezioOptions> = {}, options: JudgeOptions = {}) {
  const set = setUp(device)
  return { ...set, report: await judgeDevice(set.cable, { samples: 2, ...options }) }
}

const idsOf = (report: Report, verdict: 'passed' | 'failed' | 'left-out') =>
  report.checks.filter((check) => check.verdict === verdict).map(({ id }) => id)

const surprisesOf = (report: Report) => report.surprises.map(({ verdict }) => verdict).join(' ')

describe('a simulated device', () => {
  it.each([
    ['stock', false, 'left-out left-out left-out left-out stock stock stock stock'],
    ['stock', true, 'stock stock stock stock stock stock stock stock'],
    ['fixed', false, 'left-out left-out left-out left-out fixed fixed fixed stock'],
    ['fixed', true, 'fixed stock fixed stock fixed fixed fixed stock'],
  ] as const)(
    'conforms (%s, destructive: %s), and its surprises are told',
    async (profile, destructive, expected) => {
      const { report } = await judge({ profile }, { destructive })
      expect(idsOf(report, 'failed')).toEqual([])
      expect([report.conforming, report.stopped]).toEqual([true, undefined])
      expect(surprisesOf(report)).toBe(expected)
      expect(Object.keys(report.addresses)).toEqual([...KEY_NAMES])
    },
  )

  it('whose every key may bake has all its marks judged', async () => {
    const policy = { auth: BAKER, ed25519: BAKER, secp256k1: BAKER, p256: BAKER }
    const { report, device } = await judge({ policy }, { destructive: true, fromLevel: 500 })
    expect([report.conforming, idsOf(report, 'left-out')]).toEqual([
      true,
      ['watermarks.policy', 'eth.parameters', 'eth.messages', 'eth.transactions', 'eth.role'],
    ])
    expect(report.surprises[7]?.verdict).toBe('other')
    expect(device.marks().map(({ level }) => level)).toEqual(new Array(12).fill(502))
  })

  it('that signs nothing but consensus conforms, and what could not be judged is told', async () => {
    const policy = {
      p256: { magicBytes: CONSENSUS },
      ed25519: { magicBytes: [3], disabledOpcodes: [OPCODE.sign] },
    }
    const { report } = await judge({ policy })
    expect([report.conforming, idsOf(report, 'failed')]).toEqual([true, []])
    expect(idsOf(report, 'left-out')).toContain('sign.lengths.p256')
    expect(idsOf(report, 'left-out')).toContain('verify.good.ed25519')
    expect(report.surprises[7]?.verdict).toBe('other')
  })

  it('that may not verify conforms', async () => {
    const policy = { p256: { magicBytes: [3], disabledOpcodes: [OPCODE.verify] } }
    const { report } = await judge({ policy })
    expect(idsOf(report, 'left-out')).toEqual(expect.arrayContaining(['verify.good.p256', 'verify.bad.p256']))
    expect([report.conforming, idsOf(report, 'failed')]).toEqual([true, []])
    expect(report.timings.filter(({ command }) => command === 'VERIFY')).toHaveLength(3)
  })

  it('that is neither stock nor fixed in something is called other, and does not conform', async () => {
    const set = setUp()
    set.device.addBehaviour({
      name: '0xaf for 0x20',
      apply: (actions, { exchange }) =>
        exchange.command?.data?.[0] === 0x20
          ? [{ kind: 'write', afterMs: 0, bytes: encodeFrame(Uint8Array.of(0xaf)) }]
          : actions,
    })
    const report = await judgeDevice(set.cable, { samples: 1 })
    expect(report.surprises[4]).toMatchObject({ number: 5, verdict: 'other' })
    expect([report.conforming, idsOf(report, 'failed')]).toEqual([
      false,
      KEY_NAMES.map((name) => `policy.overrun.${name}`),
    ])
  })

  it('is not blamed for a host that is held up between two pieces of a command', async () => {
    const { device, clock, cable } = setUp()
    let delays = 2
    const heldUp: Exchanger = {
      ...cable,
      write: async (bytes) => {
        await cable.write(bytes)
        if (bytes.length !== 1 || bytes[0] !== 0x03 || device.counters.noiseBytes === 0 || delays === 0)
          return
        delays -= 1
        clock.advance(300)
      },
    }
    const report = await judgeDevice(heldUp, { samples: 1 })
    expect([delays, idsOf(report, 'failed')]).toEqual([0, []])
  })

  it('is timed: a board shows the times of a board', async () => {
    const { report } = await judge({ latency: 'board' }, { samples: 5 })
    const rows = report.timings.filter(({ key }) => key === 'ed25519')
    expect(rows).toEqual([
      { command: 'GET_PK raw', key: 'ed25519', samples: 5, p50Ms: 10, p99Ms: 10, maxMs: 10 },
      { command: 'GET_PK address', key: 'ed25519', samples: 5, p50Ms: 110, p99Ms: 110, maxMs: 110 },
      { command: 'SIGN', key: 'ed25519', samples: 5, p50Ms: 850, p99Ms: 850, maxMs: 850 },
      { command: 'VERIFY', key: 'ed25519', samples: 5, p50Ms: 120, p99Ms: 120, maxMs: 120 },
    ])
    expect(report.timings).toHaveLength(16)
  })
})

describe('a run that is not destructive', () => {
  it('leaves all marks as they are, and out all that would raise one', async () => {
    for (const profile of ['stock', 'fixed'] as const) {
      const { device, cable } = setUp({ profile })
      device.receive(encodeCommand(signing(vote(0x13, 7, 1))))
      await cable.read(1)
      const before = device.marks()
      const report = await judgeDevice(cable, { samples: 2 })
      expect([before.length, device.marks()]).toEqual([1, before])
      const ids = report.checks.map(({ id }) => id).filter((id) => id.startsWith('watermarks.'))
      const leftOut = idsOf(report, 'left-out').filter((id) => !id.startsWith('eth.'))
      expect([ids.length, leftOut]).toEqual([14, ids])
      expect(summaryText(report)).toContain(`raises watermarks: run with --destructive\n    ${ids[0]}\n`)
    }
  })

  it('signs operations that no block can include, and magic bytes that mean nothing', async () => {
    const { device } = await judge()
    const asked = device.log.filter(({ name, command }) => name === 'SIGN' && command?.data !== undefined)
    const magicBytes = new Set(asked.map(({ command }) => command!.data![0]))
    expect(magicBytes).toEqual(new Set([0x03, 0x10, 0x14, 0x20, 0x35]))
    for (const { command, outcome } of asked) {
      const data = command!.data!
      const isMessage = command!.param2! >= MODE.messageRaw
      if (!isMessage || data.length < 38 || outcome.kind === 'refusal') continue
      expect([...data.slice(1, 34)]).toEqual([...new Uint8Array(32), 0x11])
    }
  })
})

describe('a destructive run', () => {
  it('goes two levels up from the lowest level, and no further', async () => {
    const { device } = await judge({}, { destructive: true, fromLevel: 30 })
    expect(new Set(device.marks().map(({ level }) => level))).toEqual(new Set([30, 32]))
  })

  it('is right again when it begins where another has ended', async () => {
    const { cable } = setUp()
    for (const fromLevel of [1, 3, 4, 6, 8]) {
      const report = await judgeDevice(cable, { samples: 1, destructive: true, fromLevel })
      expect([fromLevel, report.conforming, idsOf(report, 'failed')]).toEqual([fromLevel, true, []])
    }
  })

  it('judges no mark that stands higher, and says so', async () => {
    const { device, cable } = setUp()
    for (const magicByte of [0x12, 0x13])
      device.receive(encodeCommand(signing(vote(magicByte, 1_000_000, 0))))
    await cable.read(1)
    const report = await judgeDevice(cable, { samples: 1, destructive: true })
    expect(report.conforming).toBe(true)
    expect(report.checks.find(({ id }) => id === 'watermarks.rules.attestation.p256')).toMatchObject({
      verdict: 'left-out',
      reason: "the device's mark stands at level 1 or above: choose a higher --from-level",
    })
    const again = await judgeDevice(cable, { samples: 1, destructive: true })
    expect(again.checks.find(({ id }) => id === 'watermarks.separate')?.verdict).toBe('left-out')
    const above = await judgeDevice(cable, { samples: 1, destructive: true, fromLevel: 1_000_001 })
    expect([above.conforming, idsOf(above, 'left-out')]).toEqual([
      true,
      expect.not.arrayContaining(['watermarks.rules.attestation.p256']),
    ])
  })
})

describe('what is sent', () => {
  it('is never longer than the device can hold, and as long as that once', async () => {
    const { device, cable } = setUp()
    const sizes: number[] = []
    const watching: Exchanger = {
      ...cable,
      write: async (bytes) => {
        const at = bytes.indexOf(0x03)
        if (at !== -1) sizes.push(bytes.length - at - 1)
        await cable.write(bytes)
      },
    }
    await judgeDevice(watching, { samples: 1, destructive: true })
    expect(Math.max(...sizes)).toBe(1024)
    const declared = device.log.map(({ packet }) => packet[0]! | (packet[1]! << 8))
    expect(Math.max(...declared)).toBe(1024)
  })

  it.each([
    ['a packet that is longer', [encodeCommand(new Uint8Array(1020)), Uint8Array.of(0)]],
    ['a packet that says it is', [Uint8Array.of(0xff, 0x03, 0x01), Uint8Array.of(0x04, 0x11)]],
  ])('cannot be %s, in whatever pieces', async (_, pieces) => {
    const { device, cable } = setUp()
    const prober = new Prober(cable, { replyMs: 100, totalMs: 1000 })
    await expect(prober.send(pieces)).rejects.toThrow(RangeError)
    expect(device.counters.bytesIn).toBe(0)
  })
})

describe('a run ends', () => {
  const still = (read: Exchanger['read']) => {
    let nowMs = 0
    const cable: Exchanger = {
      now: () => nowMs,
      write: () => Promise.resolve(),
      read: async (waitMs) => {
        const bytes = await read(waitMs)
        nowMs += bytes.length > 0 ? 1 : waitMs
        return bytes
      },
    }
    return cable
  }

  it('soon when nothing answers', async () => {
    const report = await judgeDevice(still(() => Promise.resolve(new Uint8Array())))
    expect(report).toMatchObject({
      conforming: false,
      stopped: 'the device left 5 commands in a row unanswered',
    })
    expect(report.durationMs).toBeLessThan(60_000)
    expect(idsOf(report, 'passed')).toEqual(['link.quiet'])
  })

  it.each([0x00, 0x05, 0x0a, 0xff])('when the device never stops sending %i', async (byte) => {
    const chatter = still(() => Promise.resolve(new Uint8Array(50).fill(byte)))
    const report = await judgeDevice(chatter, { totalLimitMs: 60_000 })
    expect(report.conforming).toBe(false)
    expect(report.durationMs).toBeLessThan(90_000)
  })

  it('at its time limit, and does not call that conforming', async () => {
    const { report } = await judge({ latency: 'board' }, { totalLimitMs: 20_000 })
    expect(report).toMatchObject({ conforming: false, stopped: 'not done within 20 s' })
    expect(idsOf(report, 'failed')).toHaveLength(1)
    expect(report.durationMs).toBeLessThan(25_000)
  })

  it('when the port is lost, and tells which check it was', async () => {
    const set = setUp()
    set.device.addBehaviour({
      name: 'unplugged by a wrong checksum',
      apply: (actions, { exchange }) =>
        exchange.outcome.kind === 'refusal' && exchange.outcome.status === 'checksum-wrong'
          ? [{ kind: 'unplug', afterMs: 0 }]
          : actions,
    })
    const report = await judgeDevice(set.cable)
    expect(report).toMatchObject({ conforming: false, stopped: 'the simulated device was unplugged' })
    expect(idsOf(report, 'failed')).toEqual(['framing.crc-wrong'])
  })

  it('by an exception only for options out of range and for its own mistakes', async () => {
    const { cable } = setUp()
    for (const options of [
      { samples: 0 },
      { samples: 1001 },
      { fromLevel: 0 },
      { fromLevel: 1.5 },
      { fromLevel: 2 ** 31 },
    ]) {
      await expect(judgeDevice(cable, options)).rejects.toThrow(RangeError)
    }
    const mistaken = { ...cable, write: () => Promise.reject(new TypeError('a mistake')) }
    await expect(judgeDevice(mistaken)).rejects.toThrow('a mistake')
    const lost = { ...cable, write: () => Promise.reject(new LinkLostError('gone')) }
    expect((await judgeDevice(lost)).stopped).toBe('gone')
  })
})

describe('a report', () => {
  it('counts its checks in JUnit XML, which is well-formed', async () => {
    const { report } = await judge()
    const xml = junitReport(report)
    expect(() => {
      checkXml(xml)
    }).not.toThrow()
    const left = idsOf(report, 'left-out').length
    expect(xml).toContain(`tests="${report.checks.length}" failures="0" errors="0" skipped="${left}"`)
    expect(xml.match(/<testcase /g)).toHaveLength(report.checks.length)
    expect(xml.match(/<skipped /g)).toHaveLength(left)
  })

  it('is well-formed whatever it says', async () => {
    const { report } = await judge({}, { totalLimitMs: 1 })
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string(),
      fc.constant(`\ud800 ]]> <a b="c">&'\u0000\u001b`),
    )
    fc.assert(
      fc.property(text, text, (problem, reason) => {
        const checks = [
          {
            id: 'a.b',
            title: problem,
            verdict: 'failed' as const,
            problems: [problem, reason],
            durationMs: 1,
          },
          { id: 'a.c', title: reason, verdict: 'left-out' as const, reason, durationMs: 1 },
        ]
        checkXml(junitReport({ ...report, checks }))
      }),
    )
  })

  it('escapes what XML cannot hold', () => {
    expect(escapeXml(`<&>"'\u0000\ud800\u{1f600}\n`)).toBe('&lt;&amp;&gt;&quot;&apos;\ufffd\ufffd\u{1f600}\n')
  })

  it('has nearest-rank percentiles', () => {
    const hundred = Array.from({ length: 100 }, (_, index) => 100 - index)
    expect([percentile(hundred, 0.5), percentile(hundred, 0.99), percentile([7], 0.99)]).toEqual([50, 99, 7])
    expect(percentile([1, 2, 3], 0.5)).toBe(2)
  })
})

const signing = (data: Uint8Array) =>
  joinBody({ opcode: OPCODE.sign, param1: 3, param2: MODE.messageRaw, param3: 0, data })

/** Throws when a document is not well-formed: tags that nest, attributes in quotes, no stray `<`, `&` or control. */
function checkXml(xml: string): void {
  const token = /<\?xml [^?]*\?>|<\/([\w-]+)>|<([\w-]+)((?: [\w-]+="[^"<]*")*)(\/?)>|[^<]+/gy
  const open: string[] = []
  if (/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/.test(xml) || /\p{Surrogate}/u.test(xml))
    throw new Error('characters')
  if (/&(?!(?:amp|lt|gt|quot|apos);)/.test(xml)) throw new Error('a bare ampersand')
  let end = 0
  for (const match of xml.matchAll(token)) {
    const [text, closing, opening, , isEmpty] = match
    if (closing !== undefined && open.pop() !== closing) throw new Error(`</${closing}> closes nothing`)
    if (opening !== undefined && isEmpty === '') open.push(opening)
    end = match.index + text.length
  }
  if (end !== xml.length || open.length > 0) throw new Error(`not well-formed at ${end}`)
}
