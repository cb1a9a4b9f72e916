import type { Config, DeviceConfig, SharedMarksConfig, TezioDeviceConfig } from './config.js'
import { ONLY_DEVICE } from './devices.js'

/** Whether the file has `device` in the place of `devices`. */
export function hasOnlyDevice({ devices }: Config): boolean {
  return devices.length === 1 && devices[0]?.name === ONLY_DEVICE && devices[0].kind === 'tezio'
}

/** The section of the device, or those of several and when they are preferred again. */
export function deviceSettings(config: Config) {
  const { devices, returnAfterMs } = config
  const [only] = devices
  if (only?.kind === 'tezio' && hasOnlyDevice(config)) {
    return { device: boardSettings(only) }
  }
  return {
    devices: Object.fromEntries(devices.map((device) => [device.name, settingsOf(device)])),
    failover: { return_after_s: returnAfterMs / 1000 },
  }
}

function boardSettings({ port, serialNumber: serial_number, timeoutMs: timeout_ms }: TezioDeviceConfig) {
  return { port, ...(serial_number === undefined ? {} : { serial_number }), timeout_ms }
}

function settingsOf(device: DeviceConfig) {
  const { kind, timeoutMs: timeout_ms } = device
  if (device.kind === 'tezio') return { kind, ...boardSettings(device) }
  const { module, token, pinFile: pin_file, keys } = device
  const objects = keys.map(({ publicKeyHash, label, id }) => [
    publicKeyHash,
    { ...(label === undefined ? {} : { label }), ...(id === undefined ? {} : { id }) },
  ])
  return {
    ...{ kind, module, token: { [token.by]: token.value } },
    ...(pin_file === undefined ? {} : { pin_file }),
    ...{ timeout_ms, keys: Object.fromEntries(objects) as Record<string, object> },
  }
}

/** The section of the marks. */
export function marksSettings({ maxLevelGap: max_level_gap, shared }: Config['marks']) {
  return { max_level_gap, ...(shared === undefined ? {} : { [shared.kind]: sharedSettings(shared) }) }
}

function sharedSettings(shared: SharedMarksConfig) {
  if (shared.kind === 'postgresql') {
    const { urls: url, passFile: passfile, timeoutMs: timeout_ms } = shared
    return { url, ...(passfile === undefined ? {} : { passfile }), timeout_ms }
  }
  const { table, region, endpoint, timeoutMs: timeout_ms } = shared
  return { table, region, ...(endpoint === undefined ? {} : { endpoint }), timeout_ms }
}
