import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { judgeClaim } from '../../src/eth-signer/claim-rule.js'
import { EthLedger, EthSigner, type EthPreimage } from '../../src/eth-signer/index.js'
import { keccak256, maxFee, toHex0x, type UnsignedTransaction } from '../../src/ethereum/index.js'
import { ManualClock, temporaryDirectory, type Operation } from '../policy/fixture.js'
import { SimulatedDisk, type Incident } from '../policy/simulated-disk.js'
import {
  failure,
  goldenClaim,
  payment,
  RULES,
  SIGNER,
  SOMEBODY,
  SOMEBODY_ELSE,
  START,
  TestDevice,
} from './fixture.js'

const HOUR_MS = 3_600_000
const READING: readonly Operation[] = ['fstatSync', 'statSync', 'readFileSync', 'readdirSync']
const WINDOW = { hours: 24, maxWei: 10n ** 18n }
const RULES_HERE = { ...RULES, transfers: RULES.transfers && { ...RULES.transfers, windows: [WINDOW] } }

/** What reached the device, and when. */
type Sent = { readonly at: number; readonly preimage: EthPreimage }

/** A key on a simulated disk; everything that ever reached its device, in all of its lives. */
class Life {
  readonly disk: SimulatedDisk
  readonly device = new TestDevice()
  readonly sent: Sent[] = []
  readonly #directory = temporaryDirectory()
  #ledger: EthLedger | undefined
  #signer: EthSigner | undefined
  now = START.getTime()
  /** Signatures that a client has seen, by digest. */
  readonly seen = new Map<string, string>()

  constructor() {
    this.disk = new SimulatedDisk(this.#directory)
    this.device.onSign = () => {
      const preimage = this.device.asked.at(-1)
      if (preimage !== undefined) this.sent.push({ at: this.now, preimage })
    }
  }

  /** Opens the ledger if it is not open; whether that could be done. */
  open(): boolean {
    if (this.#signer !== undefined) return true
    const wallClock = () => new Date(this.now)
    try {
      const options = { directory: this.#directory, files: this.disk.files, segmentBytes: 400, wallClock }
      this.#ledger = new EthLedger(options)
    } catch (error) {
      if (error instanceof Error && 'code' in error) return false
      throw error
    }
    const clock = new ManualClock()
    const { device } = this
    this.#signer = new EthSigner({
      address: SIGNER,
      device,
      rules: RULES_HERE,
      ledger: this.#ledger,
      clock,
      wallClock,
    })
    return true
  }

  quit(): void {
    this.#ledger?.close()
    this.#ledger = undefined
    this.#signer = undefined
  }

  end(how: 'restart' | 'cutPower'): void {
    this.quit()
    this.disk[how]()
  }

  async pay(nonce: number, value: bigint, gasPrice: bigint, replace: boolean, key?: string): Promise<void> {
    const ask = { deadlineAt: Infinity, signal: undefined, requestId: 'r', idempotencyKey: key }
    if (!this.open()) return
    this.#note(await this.#signer?.transfer(payment(nonce, { value, gasPrice, replace }), ask))
  }

  async claim(index: number, who: typeof SOMEBODY): Promise<void> {
    const ask = { deadlineAt: Infinity, signal: undefined, requestId: 'r' }
    if (!this.open()) return
    this.#note(await this.#signer?.claim({ ...goldenClaim(index), userAddress: who }, ask))
  }

  #note(result: Awaited<ReturnType<EthSigner['claim'] | EthSigner['transfer']>> | undefined): void {
    if (result?.outcome !== 'signed') return
    if (result.repeated) expect(this.seen.get(result.digest) ?? result.signature).toBe(result.signature)
    this.seen.set(result.digest, result.signature)
  }

  destroy(): void {
    this.quit()
    this.disk.close()
  }

  /** The promise, from what reached the device alone. */
  judge(): void {
    const digests = new Map<string, Set<string>>()
    for (const { preimage } of this.sent) {
      const name = nameOf(preimage)
      digests.set(name, (digests.get(name) ?? new Set()).add(toHex0x(keccak256(preimage.bytes))))
    }
    for (const [name, all] of digests) expect([name, all.size]).toEqual([name, 1])
    this.#judgeReplacements()
    for (const { at } of this.sent) this.#judgeWindow(at)
  }

  /** In any 24 hours, each nonce at its dearest. */
  #judgeWindow(end: number): void {
    const slots = new Map<bigint, bigint>()
    for (const { at, preimage } of this.sent) {
      if (preimage.kind !== 'transaction' || at > end || at <= end - WINDOW.hours * HOUR_MS) continue
      const { transaction: tx } = preimage
      const wei = tx.value + maxFee(tx)
      if (wei > (slots.get(tx.nonce) ?? 0n)) slots.set(tx.nonce, wei)
    }
    const total = [...slots.values()].reduce((sum, wei) => sum + wei, 0n)
    expect(total).toBeLessThanOrEqual(WINDOW.maxWei)
  }

  /** Another transaction with a nonce only pays more for the same. */
  #judgeReplacements(): void {
    const last = new Map<bigint, UnsignedTransaction>()
    let newest = -1n
    for (const { preimage } of this.sent) {
      if (preimage.kind !== 'transaction') continue
      const { transaction: tx } = preimage
      const before = last.get(tx.nonce)
      if (before === undefined) expect(tx.nonce).toBeGreaterThan(newest)
      else expect([tx.to, tx.value, tx.type]).toEqual([before.to, before.value, before.type])
      newest = tx.nonce > newest ? tx.nonce : newest
      last.set(tx.nonce, tx)
    }
  }
}

/** What may have one digest only: a user's claim, or a nonce at a price. */
function nameOf(preimage: EthPreimage): string {
  if (preimage.kind !== 'transaction') {
    const claimed = CLAIMS.get(toHex0x(keccak256(preimage.bytes)))
    if (claimed === undefined) throw new Error('an unknown claim reached the device')
    return claimed
  }
  const { transaction: tx } = preimage
  return `${tx.nonce} ${tx.type === 'legacy' ? tx.gasPrice : tx.maxFeePerGas}`
}

/** Whose claim a digest is, for every claim that is asked for here. */
const CLAIMS = new Map(
  [0, 1].flatMap((index) =>
    [SOMEBODY, SOMEBODY_ELSE].map((userAddress) => {
      const judged = RULES.claims && judgeClaim(RULES.claims, { ...goldenClaim(index), userAddress })
      if (judged?.outcome !== 'judged') throw new Error('no claim')
      return [toHex0x(judged.digest), `user ${judged.userId}`] as const
    }),
  ),
)

const GWEI = 1_000_000_000n
const VALUE = 4n * 10n ** 17n

const pay = fc.record({
  step: fc.constant('pay' as const),
  nonce: fc.integer({ min: 0, max: 4 }),
  value: fc.constantFrom(VALUE, VALUE / 2n, 0n),
  price: fc.constantFrom(10n, 11n, 13n),
  replace: fc.boolean(),
  key: fc.constantFrom(undefined, 'a', 'b'),
})
const claim = fc.record({
  step: fc.constant('claim' as const),
  index: fc.constantFrom(0, 1),
  who: fc.constantFrom(SOMEBODY, SOMEBODY_ELSE),
})
const incident = fc.record({
  step: fc.constant('incident' as const),
  at: fc.nat(30),
  when: fc.constantFrom<Incident['when']>('before', 'halfway', 'behind'),
  then: fc.constantFrom<Incident['then']>('goes-on', 'dies'),
  code: fc.constantFrom('EIO', 'ENOSPC'),
})
const others = fc.oneof(
  fc.record({ step: fc.constantFrom('restart' as const, 'cutPower' as const) }),
  fc.record({ step: fc.constant('later' as const), hours: fc.constantFrom(-30, -1, 1, 13, 25, 800) }),
  fc.record({ step: fc.constant('device' as const), fails: fc.constantFrom('sent', 'unsent', 'no') }),
)
const steps = fc.array(
  fc.oneof(
    { weight: 8, arbitrary: pay },
    { weight: 2, arbitrary: claim },
    { weight: 1, arbitrary: incident },
    { weight: 3, arbitrary: others },
  ),
  { maxLength: 40 },
)

describe('whatever is asked, whatever fails, and whenever the power is cut', () => {
  test('E4 E7 E8: no window is exceeded, no nonce pays for two things, and no user has two claims', async () => {
    let most = 0
    await fc.assert(
      fc.asyncProperty(steps, async (sequence) => {
        const life = new Life()
        for (const step of sequence) {
          if (step.step === 'pay') {
            await life.pay(step.nonce, step.value, step.price * GWEI, step.replace, step.key)
          } else if (step.step === 'claim') await life.claim(step.index, step.who)
          else if (step.step === 'incident') life.disk.plan(step)
          else if (step.step === 'later') life.now += step.hours * HOUR_MS
          else if (step.step === 'device') {
            life.device.fails = step.fails === 'no' ? undefined : failure(step.fails === 'sent')
          } else life.end(step.step)
        }
        life.end('cutPower')
        expect(life.open()).toBe(true)
        life.judge()
        most = Math.max(most, life.sent.length)
        life.destroy()
      }),
      { numRuns: 60 },
    )
    expect(most).toBeGreaterThan(3)
  })
})

/** Two users, payments, a replacement, an attempt that failed, and enough lines to roll segments. */
async function live(life: Life): Promise<void> {
  await life.claim(0, SOMEBODY_ELSE)
  await life.claim(0, SOMEBODY)
  for (let nonce = 0; nonce < 3; nonce++) await life.pay(nonce, VALUE / 10n, 10n * GWEI, false, `k${nonce}`)
  await life.pay(2, VALUE / 10n, 11n * GWEI, true)
  life.device.fails = failure(false)
  await life.pay(3, VALUE, 10n * GWEI, false)
  life.device.fails = undefined
  await life.pay(3, VALUE / 2n, 10n * GWEI, false)
}

describe('whatever operation of a life fails', () => {
  const incidents: readonly (readonly [string, Omit<Incident, 'at'>])[] = [
    ['the process dies before it', { when: 'before', then: 'dies', code: 'EIO' }],
    ['the process dies in the middle of it', { when: 'halfway', then: 'dies', code: 'EIO' }],
    ['the process dies behind it', { when: 'behind', then: 'dies', code: 'EIO' }],
    ['it fails with ENOSPC halfway', { when: 'halfway', then: 'goes-on', code: 'ENOSPC' }],
    ['it is done but EIO is told', { when: 'behind', then: 'goes-on', code: 'EIO' }],
  ]

  test.each(incidents)(
    '%s: what reached the device is refused to everything else, after a power cut too',
    async (_, incident) => {
      const dry = new Life()
      dry.disk.plan({ at: -1, when: 'before', then: 'dies', code: 'EIO' })
      await live(dry)
      const changing = [...dry.disk.trace.entries()].filter(([, name]) => !READING.includes(name))
      expect(changing.map(([, name]) => name)).toContain('linkSync')
      expect(dry.sent).toHaveLength(6)
      dry.destroy()
      for (const [at] of changing) {
        const life = new Life()
        life.disk.plan({ ...incident, at })
        await live(life)
        life.end('cutPower')
        expect(life.open()).toBe(true)
        await attack(life)
        life.judge()
        life.destroy()
      }
    },
  )
})

/** Asks for something else in every place. */
async function attack(life: Life): Promise<void> {
  await life.claim(0, SOMEBODY)
  for (let nonce = 0; nonce < 4; nonce++) {
    await life.pay(nonce, VALUE / 3n, 10n * GWEI, false)
    await life.pay(nonce, VALUE / 3n, 100n * GWEI, true)
  }
}
