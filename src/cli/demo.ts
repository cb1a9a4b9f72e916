import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  createSimulatedTezio,
  keyAddresses,
  keysFromMnemonic,
  openPseudoTerminal,
} from '../../hw-sim/index.js'
import { monotonicClock } from '../clock.js'
import { MarksJournal } from '../policy/index.js'
import { systemErrorCode } from '../system-error.js'
import { startBridge, type Bridge } from './bridge.js'
import type { ExitCode } from './exit-code.js'
import { createLog, terminalLines, type AdjustableLog } from './log.js'
import { neededMarks, seedsFor } from './mark-selection.js'
import type { Output } from './output.js'
import { createTelemetry, untilStopped } from './serve.js'
import { loadServedConfig } from './served-config.js'

/** A published test mnemonic: everybody knows the keys it makes, so they are worth nothing and protect nothing. */
const MNEMONIC =
  'mule wise online wear hair sign wife media calm arctic diet tip special quarter season swarm robust apart other whale broken pistol hunt egg'
/** An operation that no block can include: it reveals a nonce of level 0, on a branch that does not exist. */
const HARMLESS_OPERATION = `03${'00'.repeat(32)}01${'00'.repeat(4 + 32)}`
const READY_TIMEOUT_MS = 5000

/** Serves with a simulated device and a temporary state directory, and says how to try it, until it is stopped. */
export async function demo(output: Output): Promise<ExitCode> {
  const folder = mkdtempSync(join(tmpdir(), 'tezio-bridge-demo-'))
  const device = createSimulatedTezio({ keys: keysFromMnemonic(MNEMONIC) })
  const port = openPseudoTerminal({ device, link: join(folder, 'ttySIM') })
  try {
    const addresses = keyAddresses(device.keys)
    const config = join(folder, 'config.yaml')
    const log = createLog('info', monotonicClock, await terminalLines())
    const bridge = await start(config, log, (listen) => demoConfig(port.path, addresses, listen))
    await bridge.devices.firstContact(READY_TIMEOUT_MS)
    output.out(welcome(bridge, addresses, folder))
    return await untilStopped(bridge, log)
  } finally {
    port.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

type Addresses = ReturnType<typeof keyAddresses>
type Listen = { readonly signer: string; readonly admin: string }

/** On the usual ports, or on any free ones when another bridge has them. */
async function start(
  file: string,
  log: AdjustableLog,
  configText: (listen: Listen) => string,
): Promise<Bridge> {
  try {
    return await startWith(file, log, configText({ signer: '127.0.0.1:6732', admin: '127.0.0.1:6733' }))
  } catch (error) {
    if (systemErrorCode(error) !== 'EADDRINUSE') throw error
    return startWith(file, log, configText({ signer: '127.0.0.1:0', admin: '127.0.0.1:0' }))
  }
}

async function startWith(file: string, log: AdjustableLog, text: string): Promise<Bridge> {
  writeFileSync(file, text)
  const config = loadServedConfig(file)
  rmSync(config.stateDir, { recursive: true, force: true })
  const { stateDir: directory, marks } = config
  MarksJournal.create(
    { directory, maxLevelGap: marks.maxLevelGap },
    seedsFor(config, neededMarks(config), { level: 0 }),
  )
  return startBridge({ config, log, telemetry: createTelemetry(config) })
}

function demoConfig(port: string, addresses: Addresses, listen: Listen): string {
  return `device: { port: ${JSON.stringify(port)} }
server: { listen: "${listen.signer}", known_keys: true }
admin: { listen: "${listen.admin}" }
state_dir: state
policy:
  signing_keys:
    ${addresses.ed25519}: { allowed_ops: [0x03] }
    ${addresses.secp256k1}: { allowed_ops: [0x03] }
    ${addresses.p256}: { allowed_ops: [0x03, 0x11, 0x12, 0x13] }
`
}

function welcome({ address, adminAddress }: Bridge, addresses: Addresses, folder: string): string {
  const url = `http://${address}`
  return `
tezio-bridge serves at ${url}, with a SIMULATED device: its keys are public knowledge, use them for nothing real.

  tz1 (Ed25519)    ${addresses.ed25519}   operations
  tz2 (secp256k1)  ${addresses.secp256k1}   operations
  tz3 (P-256)      ${addresses.p256}   operations, blocks and votes

Sign something harmless (an operation that no block can include):

  curl -s -H 'content-type: application/json' -d '"${HARMLESS_OPERATION}"' ${url}/keys/${addresses.p256}

Let octez-client know the key:

  octez-client import secret key demo ${url}/${addresses.p256}

See it at work:            http://${adminAddress}/
See how it is:             npx tezio-bridge status --config ${join(folder, 'config.yaml')}
See the high-water marks:  npx tezio-bridge marks show --config ${join(folder, 'config.yaml')}

Ctrl-C stops it and removes ${folder}.

`
}
