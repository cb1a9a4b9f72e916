import { existsSync } from 'node:fs'
import { ConfigError, loadConfig, type Config } from '../../config/index.js'
import { readBoard } from '../../device/index.js'
import { publicKeyHash } from '../../tezos/index.js'
import { boardsOf } from '../boards.js'
import { daemonFacts, type DaemonDevice } from '../doctor/facts/daemon-facts.js'
import { listSerialPorts, processText, systemHost, type Host, type SerialPortFacts } from '../host/index.js'
import { json, type Output } from '../output.js'
import type { DeviceRow, DevicesReport, Probe } from './device-row.js'
import { devicesText } from './devices-text.js'

/** What the command line says. */
export type DevicesOptions = {
  readonly config: string
  readonly stateDir?: string | undefined
  /** A port to show though the system does not list it. */
  readonly port?: string | undefined
  readonly probe: boolean
  readonly json: boolean
}

/** Tells what serial ports there are. It opens none, unless `probe` says so; and then none that anybody has open. */
export async function showDevices(
  options: DevicesOptions,
  output: Output,
  host: Host = systemHost(),
): Promise<void> {
  const report = await findDevices(options, host)
  output.out(options.json ? json(report) : devicesText(report))
}

async function findDevices(options: DevicesOptions, host: Host): Promise<DevicesReport> {
  const notes: string[] = []
  const config = configOf(options, notes)
  const daemon = config && (await daemonFacts(host, config))
  const boards = config === undefined ? [] : boardsOf(config)
  const isBoard = ({ name }: DaemonDevice) => boards.some((board) => board.name === name)
  const atWork = daemon?.outcome === 'answers' ? daemon.devices.filter(isBoard) : []
  if (daemon?.outcome === 'silent')
    notes.push(`a daemon may have a port and cannot be asked: ${daemon.reason}`)
  const configured = boards.map(({ port }) => port).filter((port) => port !== 'auto')
  const named = [options.port, ...configured, ...atWork.map(({ path }) => path)].filter(
    (path) => path !== undefined,
  )
  const { ports, problem } = await listSerialPorts(host, named)
  if (problem !== undefined) notes.push(`the ports could not be listed as the daemon lists them (${problem})`)
  const devices: DeviceRow[] = []
  for (const port of ports) {
    devices.push({
      ...port,
      isConfigured: config !== undefined && isConfigured(port, config),
      daemon: atWork.find(({ path }) => path === port.path)?.state,
      probe: options.probe ? await probe(port, daemon?.outcome === 'silent') : undefined,
    })
  }
  return { devices, notes }
}

/** A configuration is of use here, and not needed. */
function configOf({ config: file, stateDir }: DevicesOptions, notes: string[]): Config | undefined {
  if (!existsSync(file)) return undefined
  try {
    return loadConfig(file, { stateDir })
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    notes.push(`${file} is refused, so the configured port is not known: tezio-bridge doctor says why`)
    return undefined
  }
}

function isConfigured({ path, model, usb }: SerialPortFacts, config: Config): boolean {
  const isBoard = model?.isBootloader === false
  return boardsOf(config).some(({ port, serialNumber }) => {
    if (port !== 'auto') return port === path
    return isBoard && (serialNumber === undefined || serialNumber === usb.serialNumber)
  })
}

const PROBE_LIMIT_MS = 7000

/** Asks a board for its keys; other ports are left alone, for their devices may not like the question. */
async function probe(port: SerialPortFacts, mayBeDaemons: boolean): Promise<Probe | undefined> {
  if (port.model?.isBootloader !== false && !port.isPseudoTerminal) return undefined
  if (port.holders.length > 0)
    return { outcome: 'not-asked', reason: `${port.holders.map(processText).join(', ')} has it open` }
  if (mayBeDaemons) return { outcome: 'not-asked', reason: 'a daemon may have it open' }
  try {
    const { keys, answerMs } = await readBoard(port.path, { signal: AbortSignal.timeout(PROBE_LIMIT_MS) })
    const addresses = [...keys]
      .toSorted(([left], [right]) => left - right)
      .map(([, key]) => publicKeyHash(key))
    return { outcome: 'told', addresses, answerMs }
  } catch (error) {
    return { outcome: 'failed', reason: error instanceof Error ? error.message : String(error) }
  }
}
