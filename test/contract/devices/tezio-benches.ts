import {
  createSimulatedBinding,
  createSimulatedTezio,
  keyAddresses,
  openPseudoTerminal,
  type Behaviour,
  type SimulatedTezio,
} from '../../../hw-sim/index.js'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { signingDevice } from '../../../src/cli/signing-device.js'
import {
  MAX_MESSAGE_SIZE,
  TezioDevice,
  type KeyAlias,
  type TezioDeviceOptions,
} from '../../../src/device/index.js'
import { publicKeyHash } from '../../../src/tezos/index.js'
import { EventLog, transcriptKeys } from '../../device/support.js'
import { leftovers, type Bench, type BenchKind, type Hands } from './bench.js'

const PATH = '/dev/ttyACM0'
const keys = transcriptKeys()
const { auth, p256 } = keyAddresses(keys)
/** Short silences: the simulated board answers at once. */
const timings = { partialMs: 20, noisyReplyMs: 100, longQuietMs: 40, shortQuietMs: 5 }
const SIMULATED = {
  ...{ timeoutMs: 500, timings },
  pins: [
    { alias: 0, publicKeyHash: auth },
    { alias: 3, publicKeyHash: p256 },
  ],
} as const

/** The simulated board behind a binding of this process. */
export const tezioOnBinding: BenchKind = {
  name: 'a simulated Tezio behind a binding',
  whyNot: '',
  open: () => {
    const simulated = createSimulatedTezio({ keys })
    const binding = createSimulatedBinding(simulated, PATH)
    return openTezio({ ...SIMULATED, port: PATH, binding }, { simulated, port: binding })
  },
}

/** The simulated board on a real pseudo-terminal, through serialport. */
export const tezioOnTerminal: BenchKind = {
  name: 'a simulated Tezio on a pseudo-terminal',
  whyNot: '',
  open: () => {
    const folder = mkdtempSync(join(tmpdir(), 'tezio-contract-'))
    const simulated = createSimulatedTezio({ keys })
    const port = openPseudoTerminal({ device: simulated, link: join(folder, 'tezio') })
    leftovers.push(
      () => {
        rmSync(folder, { recursive: true, force: true })
      },
      () => {
        port.close()
      },
    )
    return openTezio({ ...SIMULATED, port: port.path }, { simulated, port })
  },
}

const boardPort = process.env['TEZIO_PORT'] ?? ''

/** A board of flesh and blood, where TEZIO_PORT names its port. */
export const tezioBoard: BenchKind = {
  name: 'a Tezio board',
  whyNot: boardPort === '' ? 'TEZIO_PORT names no port with a board' : '',
  open: () => openTezio({ port: boardPort, timeoutMs: 1500, pins: [] }),
}

type Simulation = {
  readonly simulated: SimulatedTezio
  readonly port: { readonly unplug: () => void; readonly replug: () => void }
}

async function openTezio(options: TezioDeviceOptions, simulation?: Simulation): Promise<Bench> {
  const log = new EventLog()
  const device = new TezioDevice({ ...options, onEvent: log.sink })
  device.open()
  leftovers.push(() => device.close())
  await device.firstContact(10_000)
  const signing = [...device.keys()].filter(([alias]) => alias !== 0)
  const aliases = new Map(
    signing.map(([alias, key]): [ReturnType<typeof publicKeyHash>, KeyAlias] => [publicKeyHash(key), alias]),
  )
  return {
    signer: signingDevice('board', device, aliases),
    keys: new Map(signing.map(([, key]) => [publicKeyHash(key), key])),
    maxPayloadBytes: MAX_MESSAGE_SIZE,
    signaturesAsked:
      simulation && (() => simulation.simulated.log.filter(({ name }) => name === 'SIGN').length),
    hands: simulation && handsOf(simulation, log),
    close: () => device.close(),
  }
}

function handsOf({ simulated, port }: Simulation, log: EventLog): Hands {
  return {
    goAwayInTheMiddle: (signing) => {
      simulated.addBehaviour(once(() => [{ kind: 'unplug', afterMs: 0 }]))
      return signing()
    },
    goAway: async () => {
      const lost = log.next('device.lost')
      port.unplug()
      await lost
    },
    comeBack: async () => {
      const ready = log.next('device.ready')
      port.replug()
      await ready
    },
    hang: () => {
      simulated.addBehaviour(once(() => []))
    },
  }
}

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
