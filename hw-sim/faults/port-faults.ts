import type { WireAction } from '../behaviour.js'
import { randomKeys } from '../device-keys.js'
import { FaultError } from './fault-error.js'
import type { Fault, FaultDefinition, FaultRig } from './fault.js'
import { defineFault } from './fault.js'
import type { PluggablePort } from './fault-target.js'
import { choice, milliseconds, text, wholeNumber } from './parameter.js'
import { endOf, rewritten, silenced, writtenBytes } from './written.js'

const BYTES = { min: 0, max: 1024 }
const KEYS = ['same', 'other', 'first'] as const

/** What happens to the plug. All need a port whose plug the simulator can pull. */
export const PORT_FAULTS: readonly FaultDefinition[] = [
  defineFault({
    name: 'unplug',
    description:
      'the plug is pulled in an answer, and stays out until it is plugged in or the fault disarmed',
    parameters: { after: wholeNumber(0, BYTES, 'how many bytes of the reply come before') },
    actsAlone: true,
    make: ({ after }, rig) => {
      const port = portOf('unplug', rig)
      return pulling(after, () => {
        port.unplug()
        rig.leave('plug', () => {
          port.replug()
        })
      })
    },
  }),
  defineFault({
    name: 'replug',
    description:
      'the plug is pulled in an answer and put back later, perhaps elsewhere, or with another board',
    parameters: {
      after: wholeNumber(0, BYTES, 'how many bytes of the reply come before'),
      ms: milliseconds(1000, 'how long it is out, in milliseconds'),
      link: text('', /^[^\0]{0,1024}$/, 'a path', 'the name of the port then; the same when empty'),
      keys: choice(KEYS, 'the keys of the board then (first: those it was armed with)'),
    },
    actsAlone: true,
    make: ({ after, ms, link, keys }, rig) => {
      const port = portOf('replug', rig)
      const first = rig.device.keys
      const back = () => {
        if (keys !== 'same') rig.device.swapKeys(keys === 'first' ? first : randomKeys(rig.device.random))
        port.replug(link === '' ? {} : { link })
      }
      return pulling(after, () => {
        port.unplug()
        putBackLater(back, ms, rig)
      })
    },
  }),
  defineFault({
    name: 'zero-read-storm',
    description:
      'after a reply the port hangs up so that reads return no bytes, without error and without end',
    parameters: { ms: milliseconds(0, 'when a new port comes, in milliseconds; 0 for not at all') },
    actsAlone: true,
    make: ({ ms }, rig) => {
      const port = portOf('zero-read-storm', rig)
      const hangUp = port.hangUp?.bind(port)
      if (hangUp === undefined) {
        throw new FaultError('not-possible-here', 'zero-read-storm: only a pseudo-terminal reads zero bytes')
      }
      const actAlone = () => {
        hangUp()
        const back = () => {
          port.replug()
        }
        if (ms === 0) rig.leave('plug', back)
        else putBackLater(back, ms, rig)
      }
      return {
        actAlone,
        apply: (actions) => [...actions, { kind: 'call', afterMs: endOf(actions), run: actAlone }],
      }
    },
  }),
]

function portOf(name: string, { port }: FaultRig): PluggablePort {
  if (port === undefined) throw new FaultError('not-possible-here', `${name}: there is no plug to pull here`)
  return port
}

function pulling(after: number, actAlone: () => void): Fault {
  return {
    actAlone,
    apply: (actions): readonly WireAction[] => {
      const part = after === 0 ? silenced(actions) : cut(actions, after)
      return [...part, { kind: 'call', afterMs: endOf(part), run: actAlone }]
    },
  }
}

function cut(actions: readonly WireAction[], size: number): readonly WireAction[] {
  const whole = writtenBytes(actions).length
  return whole <= size ? actions : (rewritten(actions, (bytes) => bytes.slice(0, size)) ?? actions)
}

function putBackLater(back: () => void, ms: number, { device, leave, settle }: FaultRig): void {
  const cancel = device.clock.schedule(ms, () => {
    settle('plug')
    warnOnFailure(back)
  })
  const putRight = () => {
    cancel()
    back()
  }
  leave('plug', putRight, cancel)
}

/** A timer has nobody to throw to: the link may be occupied by now, or the port closed for good. */
function warnOnFailure(back: () => void): void {
  try {
    back()
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    process.emitWarning(`the simulated device could not be plugged in again: ${reason}`)
  }
}
