import { dirname, resolve } from 'node:path'
import { parsePublicKeyHash } from '../tezos/index.js'
import type {
  AuthenticationKey,
  DeviceConfig,
  KeyConfig,
  Pkcs11DeviceConfig,
  TezioDeviceConfig,
  TokenKeyConfig,
} from './config.js'
import { suggestion, type Findings, type Path } from './findings.js'
import type { DeviceEntry, FileContents } from './schema.js'

/** The name of the device where the file has a `device`, or nothing, in the place of `devices`. */
export const ONLY_DEVICE = 'board'

const SIGN_TIMEOUT_MS = 1500
const RETURN_AFTER_S = 60
const DEVICES: Path = ['devices']

/** What signs, and when a device that had a fault is preferred again. */
export function readDevices(
  file: FileContents,
  configFile: string,
  findings: Findings,
): { readonly devices: readonly DeviceConfig[]; readonly returnAfterMs: number } {
  const returnAfterMs = (file.failover?.return_after_s ?? RETURN_AFTER_S) * 1000
  const { device, devices: table } = file
  if (table === undefined) return { devices: [tezio(ONLY_DEVICE, device ?? {})], returnAfterMs }
  if (device !== undefined && device !== null) {
    findings.refuse(
      ['device'],
      'stands beside devices, which has them all; move it there, or remove one of the two',
    )
  }
  const devices = Object.entries(table).map(([name, entry]) => readDevice(name, entry, configFile, findings))
  if (devices.length === 0) findings.refuse(DEVICES, 'names no device; add one, or remove the section')
  refuseUnclearPorts(devices.filter(isTezio), findings)
  return { devices, returnAfterMs }
}

/** Whether a device is a board. */
export function isTezio(device: DeviceConfig): device is TezioDeviceConfig {
  return device.kind === 'tezio'
}

/** The devices that `listed` names; without a list the only one there is. Refuses names of none, and no list where there are several. */
export function readDeviceNames(
  listed: readonly string[] | undefined,
  devices: readonly DeviceConfig[],
  path: Path,
  findings: Findings,
): readonly string[] {
  const names = devices.map(({ name }) => name)
  if (listed === undefined) {
    if (names.length > 1) {
      findings.refuse(
        path,
        `does not say which device holds it; add devices, with one or more of ${names.join(', ')}`,
      )
    }
    return names
  }
  for (const name of listed) {
    if (names.includes(name)) continue
    findings.refuse(
      [...path, 'devices'],
      `"${name}" is no device${suggestion(name, names)}; there are ${names.join(', ')}`,
    )
  }
  return [...new Set(listed)].filter((name) => names.includes(name))
}

/** What keys and devices say of each other; `others` are devices that are needed for something else. */
export function checkPlaces(
  devices: readonly DeviceConfig[],
  keys: readonly KeyConfig[],
  {
    authenticationKey,
    others,
  }: { readonly authenticationKey: AuthenticationKey | undefined; readonly others: readonly string[] },
  findings: Findings,
): void {
  for (const device of devices) {
    const held = keys.filter((key) => key.devices.includes(device.name))
    const isUsed =
      held.length > 0 ||
      authenticationKey?.devices.includes(device.name) === true ||
      others.includes(device.name)
    if (!isUsed && devices.length > 1)
      findings.warn(`devices.${device.name} holds no key of policy.signing_keys.`)
    if (device.kind === 'tezio') refuseSharedPlaces(device, held, findings)
    else refuseUnknownObjects(device, held, findings)
  }
}

/** A board holds one key of each curve, so a second address of the same curve is another board's. */
function refuseSharedPlaces(
  { name }: TezioDeviceConfig,
  keys: readonly KeyConfig[],
  findings: Findings,
): void {
  const holders = new Map<number, string>()
  for (const { curveAlias, publicKeyHash: hash } of keys) {
    const holder = holders.get(curveAlias)
    if (holder !== undefined) {
      const place = name === ONLY_DEVICE ? 'the device' : name
      const what = `takes place ${curveAlias} on ${place}, as ${holder} does`
      findings.refuse(
        ['policy', 'signing_keys', hash],
        `${what}, and there is one key in each; remove one of them`,
      )
    }
    holders.set(curveAlias, hash)
  }
}

function refuseUnknownObjects(
  device: Pkcs11DeviceConfig,
  keys: readonly KeyConfig[],
  findings: Findings,
): void {
  const path = [...DEVICES, device.name, 'keys']
  for (const { publicKeyHash: hash } of keys) {
    if (device.keys.some((key) => key.publicKeyHash === hash)) continue
    findings.refuse(path, `does not say where ${hash} is; add it, with its label or id on the token`)
  }
  for (const { publicKeyHash: hash } of device.keys) {
    if (keys.some((key) => key.publicKeyHash === hash)) continue
    findings.refuse(
      [...path, hash],
      `is no key of policy.signing_keys with ${device.name} among its devices; add it there, or remove it here`,
    )
  }
}

function readDevice(name: string, entry: DeviceEntry, configFile: string, findings: Findings): DeviceConfig {
  const path = [...DEVICES, name]
  if (!/^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$/.test(name)) {
    findings.refuse(path, "is not a device's name; write at most 32 letters, digits, dashes and underscores")
  }
  if (entry.kind === undefined)
    findings.refuse(path, 'does not say what it is; add kind: tezio or kind: pkcs11')
  if (entry.kind !== 'pkcs11') {
    refuseOthers(entry, ['module', 'token', 'pin_file', 'keys'], 'a token', path, findings)
    return tezio(name, entry)
  }
  refuseOthers(entry, ['port', 'serial_number'], 'a board', path, findings)
  return token(name, entry, configFile, path, findings)
}

function tezio(name: string, { port, serial_number, timeout_ms }: DeviceEntry): TezioDeviceConfig {
  return {
    kind: 'tezio',
    name,
    port: port ?? 'auto',
    serialNumber: serial_number,
    timeoutMs: timeout_ms ?? SIGN_TIMEOUT_MS,
  }
}

function token(
  name: string,
  entry: DeviceEntry,
  configFile: string,
  path: Path,
  findings: Findings,
): Pkcs11DeviceConfig {
  const absolute = (file: string) => resolve(dirname(configFile), file)
  const { module, token: { label, serial } = {}, pin_file, timeout_ms } = entry
  if (module === undefined)
    findings.refuse(
      path,
      'names no module; add the shared library of the token, like /usr/lib/softhsm/libsofthsm2.so',
    )
  if ((label === undefined) === (serial === undefined)) {
    findings.refuse(
      [...path, 'token'],
      'must have a label or a serial, and not both; a slot number can change',
    )
  }
  return {
    kind: 'pkcs11',
    name,
    module: module === undefined ? '' : absolute(module),
    token: serial === undefined ? { by: 'label', value: label ?? '' } : { by: 'serial', value: serial },
    pinFile: pin_file === undefined ? undefined : absolute(pin_file),
    timeoutMs: timeout_ms ?? SIGN_TIMEOUT_MS,
    keys: Object.entries(entry.keys ?? {}).flatMap(([text, key]) => tokenKey(text, key, path, findings)),
  }
}

function tokenKey(
  text: string,
  { label, id }: { readonly label?: string | undefined; readonly id?: string | undefined },
  path: Path,
  findings: Findings,
): readonly TokenKeyConfig[] {
  const publicKeyHash = parsePublicKeyHash(text)
  const at = [...path, 'keys', text]
  if (publicKeyHash === undefined)
    findings.refuse(at, 'is not an address with a right checksum; copy it again')
  if (label === undefined && id === undefined)
    findings.refuse(at, 'is found by nothing; add its label or its id on the token')
  return publicKeyHash === undefined ? [] : [{ publicKeyHash, label, id }]
}

function refuseOthers(
  entry: DeviceEntry,
  names: readonly (keyof DeviceEntry)[],
  whose: string,
  path: Path,
  findings: Findings,
): void {
  for (const name of names) {
    if (entry[name] === undefined) continue
    findings.refuse([...path, name], `belongs to ${whose}, and this is none; remove it, or correct kind`)
  }
}

/** Of several boards each must be told from the others. */
function refuseUnclearPorts(boards: readonly TezioDeviceConfig[], findings: Findings): void {
  if (boards.length < 2) return
  const holders = new Map<string, string>()
  for (const { name, port, serialNumber } of boards) {
    if (port === 'auto' && serialNumber === undefined) {
      findings.refuse([...DEVICES, name], 'could be any board; add its serial_number, or its port')
      continue
    }
    const place = serialNumber ?? port
    const holder = holders.get(place)
    if (holder !== undefined)
      findings.refuse([...DEVICES, name], `is the same board as ${holder}; remove one of them`)
    holders.set(place, name)
  }
}
