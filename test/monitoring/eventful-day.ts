import { expect } from 'vitest'
import { createSimulatedTezio, FaultRack } from '../../hw-sim/index.js'
import { transcriptKeys } from '../device/support.js'
import { ADDRESS, Bench, sign, type Daemon } from '../e2e/daemon.js'
import { attestation, block, operation, preattestation } from '../e2e/payloads.js'

/** A key that asks for authentication, one without, and two simulated boards that hold both. */
const configuration = ([left = '', right = '']: readonly string[]) => `
server: { listen: "127.0.0.1:0" }
admin: { listen: "127.0.0.1:0" }
high_water_marks:
  level: { 0x11: 0, 0x12: 0, 0x13: 0 }
devices:
  left: { kind: tezio, port: '${left}' }
  right: { kind: tezio, port: '${right}' }
policy:
  signing_keys:
    ${ADDRESS.tz1}: { allowed_ops: [0x03], devices: [left, right] }
    ${ADDRESS.tz3}: { allowed_ops: [0x03, 0x11, 0x12, 0x13], auth_req: false, devices: [left, right] }
  auth_key: { pkh: tz3QaGkVCH9iVy4Rh7fQJobiQnc4yJpQKoMJ }
`

/** A daemon with its simulated boards, to which everything happens that a dashboard shows. */
export class EventfulDay {
  readonly daemon: Daemon
  readonly adminUrl: string
  readonly #bench: Bench
  readonly #rack: FaultRack
  readonly #url: string

  private constructor(bench: Bench, rack: FaultRack, daemon: Daemon, urls: readonly [string, string]) {
    this.#bench = bench
    this.#rack = rack
    this.daemon = daemon
    this.#url = urls[0]
    this.adminUrl = urls[1]
  }

  static async begin(): Promise<EventfulDay> {
    const [simulated, spare] = [1, 2].map(() => createSimulatedTezio({ keys: transcriptKeys() }))
    const bench = new Bench(configuration, simulated, spare!)
    // The spare comes at the end: what the first board is to fail at must not go to the other one.
    bench.boards[1]!.port.unplug()
    expect(await bench.init()).toMatchObject({ code: 0, stderr: '' })
    const daemon = bench.startConfigured()
    await daemon.line('device.ready')
    const rack = new FaultRack({ device: bench.simulated, port: bench.port })
    return new EventfulDay(bench, rack, daemon, [await daemon.url(), await daemon.adminUrl()])
  }

  /** Signs, repeats, refuses, and lets the board fail in one way after another. */
  async pass(): Promise<void> {
    const levels = [1, 2, 3]
    for (const payload of levels.flatMap((level) => [
      block(level),
      preattestation(level),
      attestation(level),
    ])) {
      expect(await this.#ask(payload)).toBe('200')
    }
    const again = attestation(4)
    expect([await this.#ask(again), await this.#ask(again)]).toEqual(['200', '200'])
    expect(await this.#ask(attestation(4))).toBe('conflicts-with-mark')
    expect(await this.#ask(block(90_000))).toBe('level-gap')
    expect(await this.#ask(operation(), ADDRESS.tz1)).toBe('authentication-missing')
    expect(await this.#ask(operation(), ADDRESS.tz2)).toBe('unknown-key')
    await this.#unplug()
    await this.#failingLink()
    await this.#failOver()
    expect(await this.#ask(block(20, 1))).toBe('200')
  }

  async #unplug(): Promise<void> {
    const from = this.daemon.lines.length
    this.#bench.port.unplug()
    await this.daemon.line('device.lost', from)
    this.#bench.port.replug()
    await this.daemon.line('device.ready', from)
  }

  async #failingLink(): Promise<void> {
    this.#rack.arm('noise', {}, { times: 1 })
    expect(await this.#ask(block(10))).toBe('200')
    this.#rack.arm('wrong-signature', {}, { times: 1 })
    expect(await this.#ask(block(11))).toBe('signature-invalid')
    const from = this.daemon.lines.length
    this.#rack.arm('late-reply', { ms: 1600 }, { times: 1 })
    expect(await this.#ask(block(12))).toBe('device-timeout')
    await this.daemon.line('device.late-reply-discarded', from)
    await this.daemon.line('device.resynced', from)
  }

  async #failOver(): Promise<void> {
    const from = this.daemon.lines.length
    this.#bench.boards[1]!.port.replug()
    await this.daemon.line('device.ready', from)
    this.#bench.port.unplug()
    await this.daemon.line('device.lost', from)
  }

  close(): Promise<void> {
    return this.#bench.close()
  }

  async #ask(payload: Uint8Array, key: string = ADDRESS.tz3): Promise<string> {
    const { status, code } = await sign(this.#url, key, payload)
    return code ?? `${status}`
  }
}
