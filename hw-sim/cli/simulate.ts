import { openControlSocket, type ControlSocket } from '../control/control-socket.js'
import { KEY_NAMES } from '../device-key.js'
import { keyAddresses } from '../device-keys.js'
import { isLoopback } from '../transport/tcp-port.js'
import { EXIT, exitCode } from './exit.js'
import { loadPlan } from './load-plan.js'
import { parseRunOptions, type RunPlan } from './run-options.js'
import { openStation, type Station, type StationHooks } from './station.js'
import { aborted, type Surroundings } from './surroundings.js'

export { EXIT } from './exit.js'
export type { Surroundings } from './surroundings.js'

/**
 * `tezio-sim`: plugs simulated devices into pseudo-terminals or TCP ports and keeps them there until it is told to
 * stop. `argv` holds the arguments alone. Resolves to the exit code; never rejects for what a user can do wrong.
 */
export async function simulate(argv: readonly string[], surroundings: Surroundings): Promise<number> {
  return exitCode(async () => {
    await run(parseRunOptions(argv, surroundings), surroundings)
    return EXIT.ok
  }, surroundings.warn)
}

async function run(plan: RunPlan, surroundings: Surroundings): Promise<void> {
  const { print, warn, stop } = surroundings
  const failure = new AbortController()
  const announce = (station: Station) => {
    for (const line of introduction(station, plan.devices.length > 1)) print(line)
  }
  const loaded = plan.devices.map((device) => loadPlan(device, plan, warn))
  const stations: Station[] = []
  let control: ControlSocket | undefined
  try {
    for (const each of loaded) {
      warnOfOpenAddress(each.plan.tcp?.host, warn)
      stations.push(await openStation(each, hooksFor(each.plan.name, plan, surroundings, failure, announce)))
    }
    if (plan.control !== undefined) control = await openControlSocket(plan.control, stations)
    for (const station of stations) announce(station)
    await aborted(AbortSignal.any([stop, failure.signal]))
    failure.signal.throwIfAborted()
  } finally {
    await control?.close()
    await closeAll(stations)
  }
}

/** Closes every station, the last first, also when one of them cannot complete its recording. */
async function closeAll(stations: readonly Station[]): Promise<void> {
  const closed = await Promise.allSettled(stations.toReversed().map((station) => station.close()))
  const failed = closed.find((result) => result.status === 'rejected')
  if (failed !== undefined) throw failed.reason
}

function hooksFor(
  name: string,
  { devices, trace, hex, provision }: RunPlan,
  { warn }: Surroundings,
  failure: AbortController,
  onProvisioned: (station: Station) => void,
): StationHooks {
  return {
    warn,
    label: devices.length > 1 ? name : '',
    trace,
    hex,
    provision,
    onProvisioned,
    onFailure: (error) => {
      failure.abort(error)
    },
  }
}

/** What it is, which addresses it has, and last of all that it is ready. */
function introduction(station: Station, isOneOfMany: boolean): readonly string[] {
  const { plan, running, address } = station
  const { name, profile, latency } = plan.plan
  const title = `SIMULATED Tezio HSM${isOneOfMany ? ` ${name}` : ''}`
  if (running === undefined) return [`${title}, provisioning console`, `ready ${address}`]
  const addresses = keyAddresses(running.device.keys)
  return [
    `${title}, profile ${profile}, latency ${latency}`,
    ...KEY_NAMES.map((key) => `${key.padEnd(9)} ${addresses[key]}`),
    `ready ${address}`,
  ]
}

function warnOfOpenAddress(host: string | undefined, warn: (line: string) => void): void {
  if (host === undefined || isLoopback(host)) return
  warn(`warning: ${host} can be reached from other machines: whoever reaches it can sign with these keys`)
}
