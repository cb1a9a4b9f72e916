import { assertNever } from '../tezos/index.js'
import type { Verdict } from './decide.js'
import type { Quarantine } from './journal-state.js'
import type { Mark } from './mark.js'
import { refuse, type Refusal } from './refusal.js'
import type { DeviceFailure } from './signing-device.js'
import type { TurnRefusal } from './turns.js'

/** A denial in words, with the remedy where there is one. */
export function denialRefusal({ denial, mark }: Extract<Verdict, { verdict: 'deny' }>): Refusal {
  const at = describe(mark)
  switch (denial) {
    case 'no-mark':
      return refuse(
        denial,
        'there is no high-water mark for this chain, key and kind; to set one: tezio-bridge marks seed',
      )
    case 'below-mark':
      return refuse(denial, `level and round are below the high-water mark ${at}`)
    case 'conflicts-with-mark':
      return refuse(denial, `another payload was already let through at the high-water mark ${at}`)
    case 'level-gap':
      return refuse(
        denial,
        `the level is too far above the high-water mark ${at}; if it is right: tezio-bridge marks raise`,
      )
    default:
      return assertNever(denial)
  }
}

/** A key that is out of use, in words, with the remedy. */
export function quarantineRefusal({ key, since }: Quarantine): Refusal {
  const text = `${key} is in quarantine since ${since}, because the device used one nonce for two payloads: look at the device; to let the key sign again: tezio-bridge keys clear-quarantine --key ${key}`
  return refuse('nonce-repeated', text)
}

/** A turn that never came, in words. */
export function turnRefusal(why: TurnRefusal): Refusal {
  switch (why) {
    case 'queue-full':
      return refuse(why, 'too many requests are waiting for the device; nothing was signed')
    case 'deadline-passed':
      return refuse(why, 'the device was busy for longer than a request waits; nothing was signed')
    case 'client-gone':
      return refuse(why, 'the client left before its turn; nothing was signed')
    case 'shutting-down':
      return refuse(why, 'the bridge is shutting down; nothing was signed')
    default:
      return assertNever(why)
  }
}

/** A device failure in words. A watermark refusal of a payload that was let through before means a lost signature. */
export function failureRefusal(failure: DeviceFailure, verdict: Verdict | undefined): Refusal {
  if (failure.code === 'device-watermark' && verdict?.verdict === 'repeat') {
    const text =
      'the device signed this payload before, but its reply was lost; it can be asked again after the board restarted'
    return refuse('signature-lost', text)
  }
  const after = failure.sent ? '' : '; nothing was sent to it'
  return refuse(failure.code, `${failure.message}${after}`)
}

function describe(mark: Mark | undefined): string {
  return mark === undefined ? '' : `(level ${mark.level}, round ${mark.round})`
}
