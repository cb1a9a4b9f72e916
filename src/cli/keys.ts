import { existsSync } from 'node:fs'
import { z } from 'zod'
import { loadConfig, type Config } from '../config/index.js'
import { TezioDevice, DeviceError } from '../device/index.js'
import { askDaemon } from './control-client.js'
import { describeKeys, type KeyRow } from './key-table.js'
import { json, table, type Output } from './output.js'
import type { ConfigOptions } from './serve.js'

export type KeysOptions = ConfigOptions & {
  readonly port?: string | undefined
  readonly json?: boolean | undefined
}

const keysAnswer = z.object({ keys: z.array(z.custom<KeyRow>()) })

/** How long a board may take to be found and to tell its keys. */
const READY_TIMEOUT_MS = 5000

/** Shows the board's keys: from the running daemon, or from the board itself when none runs. */
export async function showKeys(options: KeysOptions, { out }: Output): Promise<void> {
  const config =
    options.port !== undefined && !existsSync(options.config)
      ? undefined
      : loadConfig(options.config, { stateDir: options.stateDir })
  const rows = (await keysOfDaemon(config, options.port)) ?? (await keysOfBoard(config, options.port))
  if (options.json === true) out(json({ keys: rows }))
  else
    out(
      table(
        ['ALIAS', 'CURVE', 'ADDRESS', 'PUBLIC KEY', 'USE'],
        rows.map((row) => [String(row.alias), row.curve, row.address, row.publicKey, row.use]),
      ),
    )
}

async function keysOfDaemon(
  config: Config | undefined,
  port: string | undefined,
): Promise<readonly KeyRow[] | undefined> {
  if (config === undefined || port !== undefined) return undefined
  const answer = await askDaemon(config.stateDir, 'GET', '/keys')
  if (answer === undefined) return undefined
  const { keys } = keysAnswer.parse(answer)
  if (keys.length === 0)
    throw new DeviceError('device-unavailable', 'the daemon has not reached the board yet; its log says why')
  return keys
}

async function keysOfBoard(config: Config | undefined, port: string | undefined): Promise<readonly KeyRow[]> {
  const device = new TezioDevice({
    port: port ?? config?.device.port ?? 'auto',
    serialNumber: config?.device.serialNumber,
    timeoutMs: config?.device.timeoutMs ?? READY_TIMEOUT_MS,
    pins: [],
  })
  device.open()
  try {
    await device.firstContact(READY_TIMEOUT_MS)
    return describeKeys(device.keys(), config)
  } finally {
    await device.close()
  }
}
