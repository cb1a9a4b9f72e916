import { processes, processText, type ProcessName, type SerialPortFacts } from '../../host/index.js'
import { pass, skip, warn, type Check, type Finding } from '../check.js'
import { ofPort } from './port.js'

const INSTALL_RULE =
  'sudo cp supervisor/udev/60-tezio-bridge.rules /etc/udev/rules.d/ && sudo udevadm control --reload && sudo udevadm trigger'

/** Whether ModemManager runs and would talk to the board. */
export function judgeModemManager(port: SerialPortFacts, manager: ProcessName | undefined): Finding {
  if (port.isPseudoTerminal) return skip('a pseudo-terminal is nothing to ModemManager')
  if (port.isIgnoredByModemManager === true) return pass('a udev rule makes it leave the board alone')
  if (manager === undefined) return pass('it does not run')
  const known = port.isIgnoredByModemManager === false ? 'no udev rule' : 'no udev rule that could be seen'
  return warn(
    `${processText(manager)} writes to new serial ports, and ${known} keeps it from the board`,
    INSTALL_RULE,
  )
}

/** Whether the system may switch the board's USB off. */
export function judgeAutosuspend({ power, isPseudoTerminal }: SerialPortFacts): Finding {
  if (isPseudoTerminal) return skip('a pseudo-terminal has no USB')
  if (power === undefined) return skip('the system tells nothing of its USB device')
  if (power.control === 'on') return pass('the board is never suspended')
  if (power.delayMs !== undefined && power.delayMs < 0)
    return pass('the delay is negative: it is never suspended')
  const delay = power.delayMs === undefined ? '' : ` after ${power.delayMs} ms without traffic`
  return warn(`power/control is "${power.control}": the board may be suspended${delay}`, INSTALL_RULE)
}

/** What the system does to the board's USB device. */
export const usbChecks: readonly Check[] = [
  {
    id: 'modem-manager',
    title: 'ModemManager',
    run: (facts) =>
      ofPort(facts, (port) =>
        judgeModemManager(
          port,
          processes(facts.host).find(({ name }) => name === 'ModemManager'),
        ),
      ),
  },
  { id: 'usb-autosuspend', title: 'USB autosuspend', run: (facts) => ofPort(facts, judgeAutosuspend) },
]
