import {
  isListedMember,
  isNumberedName,
  processText,
  userName,
  type Host,
  type SerialPortFacts,
} from '../../host/index.js'
import { fail, pass, skip, warn, type Check, type Finding } from '../check.js'
import type { DoctorFacts } from '../facts.js'
import type { DaemonFacts } from '../facts/daemon-facts.js'
import type { PortFacts } from '../facts/port-facts.js'

/** Whether there is exactly one port to open, and a board behind it. */
export function judgePortFound(facts: PortFacts): Finding {
  switch (facts.outcome) {
    case 'found':
      return judgeFound(facts.port, facts.isAuto)
    case 'missing':
      return fail(`${facts.path} does not exist`, 'plug the board in, or let it be found: device.port: auto')
    case 'no-board':
      return pass('no board is configured')
    case 'not-listed':
      return fail(
        facts.reason,
        'install udev (sudo apt install udev), or name the port in device.port: in a container neither udev nor the port is there unless it is given',
      )
    case 'not-one': {
      const [bootloader] = facts.bootloaders
      if (bootloader !== undefined && facts.boards.length === 0) return inBootloader(bootloader.path)
      if (facts.boards.length > 1)
        return fail(
          facts.reason,
          'write the serial number of the right one in device.serial_number; tezio-bridge devices shows it',
        )
      return fail(facts.reason, 'plug the board in with a data cable, and look: tezio-bridge devices')
    }
  }
}

function judgeFound({ path, node, model, usb }: SerialPortFacts, isAuto: boolean): Finding {
  if (model?.isBootloader === true) return inBootloader(path)
  if (node?.isCharacterDevice === false) {
    return fail(`${path} is no serial port`, 'write auto or the board’s own path in device.port')
  }
  const what = model === undefined ? '' : `, ${model.name}`
  const serial = usb.serialNumber === undefined ? '' : `, serial number ${usb.serialNumber}`
  return pass(`${path}${what}${serial}${isAuto ? ', found by its USB ids' : ''}`)
}

function inBootloader(path: string): Finding {
  return fail(
    `the board at ${path} is in its bootloader: it waits for a sketch and signs nothing`,
    'press its reset button once; if it stays so, load the TezioHSM_API sketch again',
  )
}

/** Whether this user may open the port, and who may. */
export function judgePortAccess(port: SerialPortFacts, host: Host): Finding {
  const { path, node } = port
  if (node === undefined) return fail(`${path} has gone`, 'plug the board in again')
  const { uid, gids } = host.identity
  const mode = node.mode.toString(8).padStart(4, '0')
  const belongs = `${path} belongs to ${node.owner}:${node.group}, mode ${mode}`
  if (node.mayOpen) {
    const isForGroup = (node.mode & 0o060) === 0o060 && node.group !== 'root'
    const others = uid === 0 && isForGroup ? `; another user needs the group ${node.group}` : ''
    return pass(`${userName(host, uid)} may open it (${belongs}${others})`)
  }
  const user = userName(host, uid)
  const isMember = gids.includes(node.gid)
  if (!isMember && isListedMember(host, node.gid, user)) {
    return fail(
      `${user} may not open it yet (${belongs}); the group came after this session began`,
      'log out and in again, or restart the service',
    )
  }
  if (isMember || (node.mode & 0o060) !== 0o060 || node.group === 'root') {
    return fail(
      `${user} may not open it (${belongs})`,
      'sudo cp supervisor/udev/60-tezio-bridge.rules /etc/udev/rules.d/ && sudo udevadm control --reload && sudo udevadm trigger',
    )
  }
  return fail(
    `${user} may not open it (${belongs})`,
    `sudo usermod -aG ${node.group} ${user}, then log out and in again`,
  )
}

/** Whether the configured path goes on meaning this board after it was unplugged. */
export function judgeStableName(configured: string, port: SerialPortFacts | undefined): Finding {
  if (configured === 'auto') return pass('auto: the board is found by its USB ids')
  if (!isNumberedName(configured)) return pass(configured)
  const stable = port?.stableName
  const better = stable === undefined ? 'device.port: auto' : `device.port: auto, or ${stable}`
  return warn(
    `${configured} is whatever was plugged in first, and another number after a replug`,
    `write ${better}`,
  )
}

/** Who else has the port open. */
export function judgeHolder({ path, holders }: SerialPortFacts, daemon: DaemonFacts | undefined): Finding {
  const daemonPid = daemon !== undefined && daemon.outcome !== 'none' ? daemon.process?.pid : undefined
  const others = holders.filter(({ pid }) => pid !== daemonPid)
  const [first] = others
  if (first === undefined) {
    return pass(
      holders.length > 0
        ? `${path} is held by the daemon`
        : `nobody else has ${path} open, as far as this user may see`,
    )
  }
  return fail(
    `${path} is held by ${others.map(processText).join(', ')}`,
    `stop it: ${stopCommand(first.name, first.pid)}`,
  )
}

function stopCommand(name: string, pid: number): string {
  return name === 'ModemManager' ? 'sudo systemctl disable --now ModemManager' : `kill ${pid}`
}

/** Whether a board is behind the port, or a program that plays one. */
export function judgeReal({ path, isPseudoTerminal }: SerialPortFacts): Finding {
  if (!isPseudoTerminal) return pass('not a pseudo-terminal')
  return warn(
    `SIMULATED: ${path} is a pseudo-terminal, and nothing protects its keys`,
    'name a real board in device.port before anything of worth is signed',
  )
}

/** Judges the port where there is one. */
export async function ofPort(
  { port }: DoctorFacts,
  judge: (port: SerialPortFacts) => Finding | Promise<Finding>,
): Promise<Finding> {
  const facts = await port()
  return facts.outcome === 'found' ? judge(facts.port) : skip('there is no port to look at')
}

/** The serial port. */
export const portChecks: readonly Check[] = [
  { id: 'port-found', title: 'Serial port', run: async ({ port }) => judgePortFound(await port()) },
  {
    id: 'port-access',
    title: 'Access to the port',
    run: (facts) => ofPort(facts, (port) => judgePortAccess(port, facts.host)),
  },
  {
    id: 'port-stable-name',
    title: 'Name of the port',
    run: async ({ options, configured, port }) => {
      const name = options.port ?? configured()?.port ?? 'auto'
      const facts = await port()
      return judgeStableName(name, facts.outcome === 'found' ? facts.port : undefined)
    },
  },
  { id: 'port-real', title: 'A real board', run: (facts) => ofPort(facts, judgeReal) },
  {
    id: 'port-holder',
    title: 'Other users of the port',
    run: (facts) => ofPort(facts, async (port) => judgeHolder(port, await facts.daemon())),
  },
]
