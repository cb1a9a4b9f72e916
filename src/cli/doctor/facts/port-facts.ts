import { existsSync } from 'node:fs'
import type { TezioDeviceConfig } from '../../../config/index.js'
import { boardModel, pickBoard, DeviceError, type PortDescription } from '../../../device/index.js'
import { describePort, type Host, type SerialPortFacts } from '../../host/index.js'
import type { DoctorOptions } from '../options.js'
import type { DaemonFacts } from './daemon-facts.js'

/** The port that the daemon would open now. */
export type PortFacts =
  | { readonly outcome: 'found'; readonly isAuto: boolean; readonly port: SerialPortFacts }
  | { readonly outcome: 'missing'; readonly isAuto: boolean; readonly path: string }
  /** `auto` found none, or several to choose from. */
  | {
      readonly outcome: 'not-one'
      readonly reason: string
      readonly boards: readonly PortDescription[]
      readonly bootloaders: readonly PortDescription[]
    }
  | { readonly outcome: 'not-listed'; readonly reason: string }
  /** The configuration names no board. */
  | { readonly outcome: 'no-board' }

/** Chooses the port as the driver does, and looks at it without opening it. */
export async function portFacts(
  host: Host,
  options: Pick<DoctorOptions, 'port'>,
  board: TezioDeviceConfig | undefined,
  daemon: DaemonFacts | undefined,
): Promise<PortFacts> {
  const wanted = options.port ?? board?.port ?? 'auto'
  const ofDaemon =
    daemon?.outcome === 'answers' ? daemon.devices.find(({ name }) => name === board?.name)?.path : undefined
  if (options.port === undefined && ofDaemon !== undefined && existsSync(ofDaemon)) {
    // `serve --port` wins over the file, and what the daemon has open is what matters
    return { outcome: 'found', isAuto: wanted === 'auto', port: describePort(host, ofDaemon) }
  }
  if (wanted !== 'auto') return named(host, wanted)
  let ports: readonly PortDescription[]
  try {
    ports = await host.listPorts()
  } catch (error) {
    return { outcome: 'not-listed', reason: error instanceof Error ? error.message : String(error) }
  }
  try {
    const picked = pickBoard(ports, board?.serialNumber)
    return { outcome: 'found', isAuto: true, port: describePort(host, picked.path, picked) }
  } catch (error) {
    if (!(error instanceof DeviceError)) throw error
    const modelOf = ({ vendorId, productId }: PortDescription) => boardModel(vendorId, productId)
    const boards = ports.filter((port) => modelOf(port)?.isBootloader === false)
    const bootloaders = ports.filter((port) => modelOf(port)?.isBootloader === true)
    return { outcome: 'not-one', reason: error.message, boards, bootloaders }
  }
}

function named(host: Host, path: string): PortFacts {
  const port = describePort(host, path)
  if (port.node === undefined) return { outcome: 'missing', isAuto: false, path }
  return { outcome: 'found', isAuto: false, port }
}
