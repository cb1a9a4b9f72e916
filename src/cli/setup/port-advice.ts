import type { DeviceError } from '../../device/index.js'
import { isBoard, isBootloader, type PortDescription } from '../../device/index.js'

/** What to check when no board is found, or the one that was found does not let itself be read. */
export function portAdvice(error: DeviceError, ports: readonly PortDescription[]): string {
  const lines = remedies(error, ports).map((remedy) => `- ${remedy}`)
  return [error.message.replace(/[^?.]$/, '$&.'), ...lines].join('\n')
}

function remedies(error: DeviceError, ports: readonly PortDescription[]): readonly string[] {
  switch (error.code) {
    case 'port-permission':
      return [
        'The group that owns the port is shown by "ls -l" (most often dialout): sudo usermod -aG dialout $USER, then log in again.',
        'Or let setup install the udev rule of this package (--install).',
      ]
    case 'port-busy':
      return [
        'A running tezio-bridge has the board: stop it (sudo systemctl stop tezio-bridge, or supervisorctl stop tezio-bridge).',
        'ModemManager opens every new port for some seconds: wait, or sudo systemctl stop ModemManager.',
        'A serial monitor or "tezio-bridge console" holds it: close it. "fuser PORT" shows who it is.',
      ]
    case 'port-not-found':
      return notFound(ports)
    case 'port-failed':
      return ['Name the port with --port; if it is named, unplug the board and plug it in again.']
    default:
      return [
        'The board must run the TezioHSM_API firmware; the provisioning and debug sketches speak no such protocol ("tezio-bridge console" speaks with those).',
        'A board in its bootloader (LED fading) answers nothing: press the reset button once.',
        'Unplug the board, plug it in again, and wait three seconds; another cable and a port without hub help too.',
        'Make sure that it is the right port.',
      ]
  }
}

function notFound(ports: readonly PortDescription[]): readonly string[] {
  const bootloaders = ports.filter(isBootloader)
  const others = ports.filter((port) => !isBootloader(port) && !isBoard(port))
  return [
    ...bootloaders.map(
      ({ path }) =>
        `A board at ${path} is in its bootloader, where no firmware runs: press its reset button once.`,
    ),
    'Is the board plugged in, by a cable that carries data? "lsusb -d 2341:" must list it. Many cables only charge.',
    'In a virtual machine or a container the device must be passed through.',
    ...(others.length === 0
      ? ['There is no other serial port either.']
      : [
          `Other serial ports are there: ${others.map(({ path }) => path).join(', ')}. If one is the board, name it with --port.`,
        ]),
  ]
}
