import type { Check } from '../check.js'
import { boardChecks } from './board.js'
import { clockChecks } from './clock.js'
import { configurationChecks } from './configuration.js'
import { credentialChecks } from './credentials.js'
import { daemonChecks } from './daemon.js'
import { journalChecks } from './journal.js'
import { listenerChecks } from './listeners.js'
import { nodeChecks } from './node.js'
import { portChecks } from './port.js'
import { programChecks } from './program.js'
import { sharedMarksChecks } from './shared-marks.js'
import { stateChecks } from './state.js'
import { syncChecks } from './sync-time.js'
import { tokenChecks } from './tokens.js'
import { usbChecks } from './usb.js'

/** Everything that `doctor` looks at, in the order of its report. docs/doctor.md describes each. */
export const CHECKS: readonly Check[] = [
  ...programChecks,
  ...configurationChecks,
  ...credentialChecks,
  ...portChecks,
  ...usbChecks,
  ...boardChecks,
  ...tokenChecks,
  ...clockChecks,
  ...stateChecks,
  ...syncChecks,
  ...journalChecks,
  ...sharedMarksChecks,
  ...listenerChecks,
  ...nodeChecks,
  ...daemonChecks,
]
