import { mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import {
  createSimulatedBinding,
  createSimulatedTezio,
  FaultRack,
  keyAddresses,
  openPseudoTerminal,
  randomKeys,
  type Behaviour,
  type DeviceKeys,
  type SimulatedTezio,
} from '../../hw-sim/index.js'
import { DeviceError, TezioDevice, type KeyPin, type TezioDeviceOptions } from '../../src/device/index.js'
import { payloadDigest, publicKeyHash, verifySignature } from '../../src/tezos/index.js'
import { EventLog, transcriptKeys } from './support.js'

const PATH = '/dev/ttyACM0'
const keys = transcriptKeys()
const message = Uint8Array.of(0x03, 1, 2, 3)
/** Short silences: the simulated board answers at once. */
const timings = { partialMs: 20, noisyReplyMs: 100, longQuietMs: 40, shortQuietMs: 5 }

const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

function pinsOf(some: DeviceKeys): KeyPin[] {
  const addresses = keyAddresses(some)
  return [
    { alias: 0, publicKeyHash: addresses.auth },
    { alias: 3, publicKeyHash: addresses.p256 },
  ]
}

type Rig = { readonly device: TezioDevice; readonly log: EventLog }

function openDevice(options: Partial<TezioDeviceOptions>): Rig {
  const log = new EventLog()
  const device = new TezioDevice({
    port: PATH,
    timeoutMs: 300,
    pins: pinsOf(keys),
    onEvent: log.sink,
    timings,
    ...options,
  })
  closers.push(() => device.close())
  return { device, log }
}

async function readyOnBinding(simulated = createSimulatedTezio({ keys })) {
  const binding = createSimulatedBinding(simulated, PATH)
  const rig = openDevice({ binding })
  rig.device.open()
  await rig.device.firstContact(2000)
  return { ...rig, binding, simulated }
}

function signCommands(simulated: SimulatedTezio): number {
  return simulated.log.filter(({ name }) => name === 'SIGN').length
}

const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'resolved',
    (error: unknown) => (error instanceof DeviceError ? error.code : error),
  )

/** What happens to the reply of the next SIGN only. */
function once(change: Behaviour['apply']): Behaviour {
  let isDone = false
  return {
    name: 'once',
    apply: (actions, context) => {
      if (isDone || context.exchange.name !== 'SIGN') return actions
      isDone = true
      return change(actions, context)
    },
  }
}

describe('a Tezio device', () => {
  it('reads its keys, signs and verifies', async () => {
    const { device } = await readyOnBinding()
    const addresses = keyAddresses(keys)
    expect([...device.keys()].map(([alias, key]) => [alias, publicKeyHash(key)]).sort()).toEqual([
      [0, addresses.auth],
      [1, addresses.ed25519],
      [2, addresses.secp256k1],
      [3, addresses.p256],
    ])
    for (const [alias, key] of device.keys()) {
      const signature = await device.sign(alias, message)
      expect(verifySignature(key, payloadDigest(message), signature)).toBe(true)
      expect(await device.verify(alias, message, signature)).toBe(true)
      expect(await device.verify(alias, Uint8Array.of(0x03, 9), signature)).toBe(false)
    }
    expect(device.health()).toMatchObject({
      ...{ state: 'ready', path: PATH, lastError: undefined, timesReady: 1 },
      simulated: false,
    })
  })

  it('never sends a prehashed mode', async () => {
    const { device, simulated } = await readyOnBinding()
    await device.sign(3, message)
    await device.verify(3, message, new Uint8Array(64))
    const modes = simulated.log.map(({ command }) => command?.opcode !== 0x11 && command?.param2)
    expect(new Set(modes.filter((mode) => mode !== false))).toEqual(new Set([3]))
  })

  it('F15 says at once that it was unplugged, and refuses without sending', async () => {
    const { device, log, binding, simulated } = await readyOnBinding()
    const lost = log.next('device.lost')
    binding.unplug()
    await lost
    expect(device.health()).toMatchObject({ state: 'closed', lastError: { code: 'device-lost' } })
    expect(await codeOf(device.sign(3, message))).toBe('device-unavailable')
    expect(await codeOf(device.ready(5000))).toBe('device-unavailable')
    expect(signCommands(simulated)).toBe(0)
  })

  it('F29 sends nothing after a replug that was asked for before it', async () => {
    const { device, log, binding, simulated } = await readyOnBinding()
    const lost = log.next('device.lost')
    binding.unplug()
    await lost
    const refused = codeOf(device.sign(3, message))
    const ready = log.next('device.ready')
    binding.replug()
    await ready
    expect(await refused).toBe('device-unavailable')
    expect(signCommands(simulated)).toBe(0)
    await device.sign(3, message)
    expect(signCommands(simulated)).toBe(1)
    expect(device.health().timesReady).toBe(2)
  })

  it.each([
    ['after the whole command', () => [{ kind: 'unplug', afterMs: 0 } as const]],
    [
      'in the middle of the reply',
      (actions: Parameters<Behaviour['apply']>[0]) => [
        ...actions.map((action) =>
          action.kind === 'write' ? { ...action, bytes: action.bytes.slice(0, 30) } : action,
        ),
        { kind: 'unplug', afterMs: 0 } as const,
      ],
    ],
  ])('F16 fails by name when it is unplugged %s', async (_name, change) => {
    const { device, simulated } = await readyOnBinding()
    simulated.addBehaviour(once(change))
    await expect(device.sign(3, message)).rejects.toMatchObject({ code: 'device-lost', sent: true })
  })

  it('F17 refuses a board with other keys, and takes the right one when it comes', async () => {
    const other = createSimulatedBinding(createSimulatedTezio({ keys: randomKeys() }), PATH)
    const right = createSimulatedBinding(createSimulatedTezio({ keys }), PATH)
    right.unplug()
    const plugged = () => (right.isPlugged ? right : other)
    const binding = {
      list: () => plugged().list(),
      open: (options: Parameters<typeof right.open>[0]) => plugged().open(options),
    }
    const { device, log } = openDevice({ binding })
    const failed = log.next('device.open-failed')
    device.open()
    await failed
    expect(device.health().lastError).toMatchObject({ code: 'wrong-device' })
    expect(await codeOf(device.sign(3, message))).toBe('wrong-device')
    expect(device.keys().size).toBe(0)
    const ready = log.next('device.ready')
    other.unplug()
    right.replug()
    await ready
    expect(await device.sign(3, message)).toHaveLength(64)
  })

  it('F17 finds the board on USB by its ids, under whatever name it comes', async () => {
    const simulated = createSimulatedTezio({ keys })
    const binding = createSimulatedBinding(simulated, '/dev/ttyACM7', {
      productId: '8057',
      serialNumber: 'B2',
    })
    for (const serialNumber of [undefined, 'B2']) {
      const { device } = openDevice({ binding, port: 'auto', serialNumber })
      device.open()
      await device.firstContact(2000)
      expect(device.health().path).toBe('/dev/ttyACM7')
      await device.close()
    }
    const { device } = openDevice({ binding, port: 'auto', serialNumber: 'C3' })
    device.open()
    expect(await codeOf(device.firstContact(2000))).toBe('port-not-found')
  })

  it('F18 counts a late reply and does not give it to the next request', async () => {
    const { device, simulated, log } = await readyOnBinding()
    simulated.addBehaviour(once((actions) => actions.map((action) => ({ ...action, afterMs: 310 }))))
    const late = log.next('device.late-reply-discarded')
    const resynced = log.next('device.resynced')
    expect(await codeOf(device.sign(3, message))).toBe('device-timeout')
    expect(device.health().state).toBe('resyncing')
    await late
    await resynced
    const next = Uint8Array.of(0x03, 4, 4)
    const signature = await device.sign(3, next)
    expect(verifySignature(keys.p256.publicKey, payloadDigest(next), signature)).toBe(true)
    expect(device.health().lateReplies).toBe(1)
  })

  it('waits for the end of a resynchronisation rather than failing', async () => {
    const { device, simulated } = await readyOnBinding()
    simulated.addBehaviour(once(() => []))
    expect(await codeOf(device.sign(3, message))).toBe('device-timeout')
    await device.ready(2000)
    expect(await device.sign(3, message)).toHaveLength(64)
    expect(await codeOf(device.ready(0))).toBe('resolved')
  })

  it('F19 F27 resynchronise after bytes that nobody asked for, with a warning', async () => {
    const { device, simulated, log } = await readyOnBinding()
    const resynced = log.next('device.resynced')
    simulated.transmit(new TextEncoder().encode('Sketch says hello\r\n'))
    await resynced
    expect(log.events).toContainEqual({ event: 'device.sync-lost', reason: 'stray-bytes' })
    expect(await device.sign(3, message)).toHaveLength(64)
    expect(device.health().noiseBytes).toBeGreaterThan(0)
  })

  it.each([0, 3])(
    'F20 signs rightly with a board that begins to answer everything twice, %i ms apart',
    async (ms) => {
      const { device, log, simulated } = await readyOnBinding()
      new FaultRack({ device: simulated, port: undefined }).arm('duplicate-reply', { ms })
      for (let turn = 0; turn < 5; turn += 1) {
        await device.ready(2000)
        const payload = Uint8Array.of(0x03, turn)
        const signature = await device.sign(3, payload)
        expect(verifySignature(keys.p256.publicKey, payloadDigest(payload), signature)).toBe(true)
        const resynced = log.next('device.resynced')
        await resynced
      }
      expect(signCommands(simulated)).toBe(5)
    },
  )

  it('F26 keeps trying while there is no port, and says so once', async () => {
    const simulated = createSimulatedTezio({ keys })
    const binding = createSimulatedBinding(simulated, PATH)
    binding.unplug()
    const { device, log } = openDevice({ binding })
    device.open()
    expect(await codeOf(device.firstContact(2000))).toBe('port-not-found')
    const ready = log.next('device.ready')
    binding.replug()
    await ready
    expect(log.count('device.open-failed')).toBe(1)
  })

  it('F26 says that the port is busy, and comes when it is free', async () => {
    const simulated = createSimulatedTezio({ keys })
    const binding = createSimulatedBinding(simulated, PATH)
    const first = openDevice({ binding })
    first.device.open()
    await first.device.firstContact(2000)
    const second = openDevice({ binding })
    second.device.open()
    expect(await codeOf(second.device.firstContact(2000))).toBe('port-busy')
    await first.device.close()
    await second.log.next('device.ready')
  })

  it('F26 says which group to join where the port is not for this user, and comes when it is', async () => {
    const simulated = createSimulatedBinding(createSimulatedTezio({ keys }), PATH)
    let isForbidden = true
    const binding = {
      list: () => simulated.list(),
      open: (options: Parameters<typeof simulated.open>[0]) =>
        isForbidden
          ? Promise.reject(new Error(`Error: Permission denied, cannot open ${PATH}`))
          : simulated.open(options),
    }
    const { device, log } = openDevice({ binding })
    device.open()
    expect(await codeOf(device.firstContact(2000))).toBe('port-permission')
    expect(device.health().lastError?.message).toContain('dialout')
    expect(await codeOf(device.sign(3, message))).toBe('device-unavailable')
    const ready = log.next('device.ready')
    isForbidden = false
    await ready
    expect(await device.sign(3, message)).toHaveLength(64)
  })

  it('closes at any moment of its opening', async () => {
    const binding = createSimulatedBinding(createSimulatedTezio({ keys }), PATH)
    for (let turns = 0; turns < 12; turns += 1) {
      const { device } = openDevice({ binding })
      device.open()
      for (let turn = 0; turn < turns; turn += 1) await Promise.resolve()
      await device.close()
      expect(device.health().state).toBe('closed')
    }
    const { device } = openDevice({ binding })
    device.open()
    await device.firstContact(2000)
  })

  it('fails a command in flight when it is closed, and gives the port back', async () => {
    const { device, simulated, binding } = await readyOnBinding()
    simulated.addBehaviour(once(() => []))
    const answer = codeOf(device.sign(3, message))
    await device.close()
    expect(await answer).toBe('device-lost')
    const again = openDevice({ binding })
    again.device.open()
    await again.device.firstContact(2000)
  })
})

describe('a Tezio device on a pseudo-terminal', () => {
  function terminal(): {
    readonly folder: string
    readonly link: string
    readonly simulated: SimulatedTezio
  } {
    const folder = mkdtempSync(join(tmpdir(), 'tezio-device-'))
    closers.push(() => {
      rmSync(folder, { recursive: true })
    })
    return { folder, link: join(folder, 'tty'), simulated: createSimulatedTezio({ keys }) }
  }

  async function readyOnTerminal() {
    const { link, simulated } = terminal()
    const port = openPseudoTerminal({ device: simulated, link })
    closers.push(() => {
      port.close()
    })
    const rig = openDevice({ port: link })
    rig.device.open()
    await rig.device.firstContact(2000)
    return { ...rig, port, simulated }
  }

  it('F15 and F17 survives unplugging and replugging under another terminal', async () => {
    const { device, log, port } = await readyOnTerminal()
    for (let round = 0; round < 3; round += 1) {
      expect(await device.sign(3, message)).toHaveLength(64)
      const lost = log.next('device.lost')
      port.unplug()
      await lost
      expect(await codeOf(device.sign(3, message))).toBe('device-unavailable')
      const ready = log.next('device.ready')
      port.replug()
      await ready
    }
  })

  it('F28 is done with a port that reads zero bytes without end, and comes back on a new one', async () => {
    const { device, log, port, simulated } = await readyOnTerminal()
    const lost = log.next('device.lost')
    new FaultRack({ device: simulated, port }).arm('zero-read-storm', {}, { times: 1 })
    await codeOf(device.sign(3, message)) // the reply and the hang-up come together: either may be seen first
    await lost
    expect(device.health().state).toBe('closed')
    const ready = log.next('device.ready')
    port.replug()
    await ready
    expect(await device.sign(3, message)).toHaveLength(64)
  })

  it('F26 says that a port is missing, or is no serial port at all', async () => {
    const { folder } = terminal()
    const missing = openDevice({ port: join(folder, 'nothing') })
    missing.device.open()
    expect(await codeOf(missing.device.firstContact(2000))).toBe('port-not-found')
    symlinkSync('/dev/null', join(folder, 'null'))
    const wrong = openDevice({ port: join(folder, 'null') })
    wrong.device.open()
    expect(await codeOf(wrong.device.firstContact(2000))).toBe('port-failed')
  })
})
