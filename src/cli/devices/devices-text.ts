import { processText, type SerialPortFacts } from '../host/index.js'
import { table } from '../output.js'
import type { DeviceRow, DevicesReport, Probe } from './device-row.js'

const HEADS = [
  'PORT',
  'WHAT',
  'USB',
  'SERIAL NUMBER',
  'ACCESS',
  'HELD BY',
  'MODEMMANAGER',
  'AUTOSUSPEND',
  'USE',
]

/** The ports for a person: a table, and below it what does not fit into one. */
export function devicesText({ devices, notes }: DevicesReport): string {
  const noteLines = notes.map((note) => `note: ${note}\n`).join('')
  if (devices.length === 0) return `${NOTHING}${noteLines === '' ? '' : `\n${noteLines}`}`
  const links = devices.flatMap(({ path, stableName }) =>
    stableName === undefined ? [] : [`${stableName} -> ${path}\n`],
  )
  const probes = devices.flatMap(({ path, probe }) =>
    probe === undefined ? [] : [`${path}: ${probeText(probe)}\n`],
  )
  const parts = [table(HEADS, devices.map(cells)), links.join(''), probes.join(''), noteLines]
  return parts.filter((part) => part !== '').join('\n')
}

const NOTHING = `No serial port was found. Look whether
  - the board is plugged in, with a cable that carries data and not only power;
  - the system saw it: sudo dmesg | tail
  - a virtual machine or a container was given the port: docker run --device /dev/ttyACM0
`

function cells(row: DeviceRow): readonly string[] {
  const { usb, node, holders } = row
  return [
    row.path,
    whatText(row),
    usb.vendorId === undefined
      ? '-'
      : `${usb.vendorId}:${usb.productId ?? '?'}${usb.manufacturer === undefined ? '' : ` ${usb.manufacturer}`}`,
    usb.serialNumber ?? '-',
    node === undefined ? 'not there' : `${node.mayOpen ? 'yes' : 'no'} (${node.owner}:${node.group})`,
    holders.length === 0 ? '-' : holders.map(processText).join(', '),
    row.isIgnoredByModemManager === undefined
      ? '-'
      : row.isIgnoredByModemManager
        ? 'ignores it'
        : 'may use it',
    suspendText(row),
    useText(row),
  ].map((cell) => cell.replace(/[\p{Cc}\s]+/gu, ' '))
}

function whatText({ model, isPseudoTerminal }: SerialPortFacts): string {
  if (isPseudoTerminal) return 'SIMULATED (a pseudo-terminal)'
  if (model === undefined) return 'other'
  return model.isBootloader ? `bootloader of ${model.name}` : `Tezio HSM board (${model.name})`
}

function suspendText({ power }: SerialPortFacts): string {
  if (power === undefined) return '-'
  return power.control === 'on' || (power.delayMs ?? 0) < 0 ? 'never' : `after ${power.delayMs ?? '?'} ms`
}

function useText({ isConfigured, daemon }: DeviceRow): string {
  const words = [
    ...(isConfigured ? ['configured'] : []),
    ...(daemon === undefined ? [] : [`daemon: ${daemon}`]),
  ]
  return words.length === 0 ? '-' : words.join(', ')
}

function probeText(probe: Probe): string {
  if (probe.outcome !== 'told') return probe.reason
  return `a key in ${probe.answerMs.toFixed(1)} ms: ${probe.addresses.join(' ')}`
}
