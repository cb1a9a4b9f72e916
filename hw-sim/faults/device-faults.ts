import { statusName } from '../../src/device/tezio/index.js'
import { refusal, value, type Outcome } from '../firmware/outcome.js'
import { SECURE_ELEMENT_FAILURES } from '../firmware/secure-element.js'
import { defineFault, type FaultDefinition } from './fault.js'
import { choice, milliseconds, wholeNumber } from './parameter.js'
import { endOf, silenced } from './written.js'

/** How long a device hangs that hangs for good: 12 days, within what a timer can wait. */
const FOR_GOOD_MS = 2 ** 30

/** What goes wrong in the device itself. */
export const DEVICE_FAULTS: readonly FaultDefinition[] = [
  defineFault({
    name: 'refuse',
    description: 'the device refuses with a status byte of your choice',
    parameters: {
      status: wholeNumber(0xaf, { min: 0, max: 0xff }, 'the byte; docs/protocol.md "Refusals" names them'),
      when: choice(['before', 'after'], 'before or after the command is carried out, and so raises its mark'),
    },
    make: ({ status, when }) => {
      const outcome = refusalOf(status)
      return when === 'before' ? { intercept: () => ({ outcome }) } : { answer: () => outcome }
    },
  }),
  defineFault({
    name: 'secure-element',
    description: 'the secure element fails in commands that need it; a mark is raised before that shows',
    parameters: { failure: choice(SECURE_ELEMENT_FAILURES, 'what fails') },
    make: ({ failure }) => ({
      intercept: () => ({ failure }),
      answer: (outcome) => (outcome.kind === 'refusal' && outcome.status === failure ? outcome : undefined),
    }),
  }),
  defineFault({
    name: 'stall',
    description: 'the device hangs after a command: no reply, and what arrives meanwhile waits',
    parameters: {
      ms: milliseconds(0, 'for how long, in milliseconds; 0 until it is rebooted or the fault disarmed'),
    },
    make: ({ ms }, { device, leave, settle }) => ({
      apply: (actions) => {
        const untilMs = endOf(actions) + (ms === 0 ? FOR_GOOD_MS : ms)
        const goOn = () => {
          settle('stall')
        }
        leave('stall', () => {
          device.hurry()
        })
        return [...silenced(actions), { kind: 'call', afterMs: untilMs, run: goOn }]
      },
    }),
  }),
  defineFault({
    name: 'reboot',
    description: 'the device restarts without leaving its port: marks and waiting commands are lost',
    parameters: { when: choice(['before', 'after'], 'before or after its reply is sent') },
    actsAlone: true,
    make: ({ when }, { device }) => {
      const actAlone = () => {
        device.reboot()
      }
      return {
        actAlone,
        apply: (actions) => {
          const kept = when === 'before' ? silenced(actions) : actions
          return [...kept, { kind: 'call', afterMs: endOf(actions), run: actAlone }]
        },
      }
    },
  }),
]

function refusalOf(byte: number): Outcome {
  const status = statusName(byte)
  return status === 'unknown' ? value(Uint8Array.of(byte)) : refusal(status)
}
