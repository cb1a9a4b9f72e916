import { dirname, resolve } from 'node:path'
import { parseChainId, type ChainId } from '../tezos/index.js'
import { readAccounts } from './accounts.js'
import { readAuthentication } from './authentication.js'
import { clientNames, readClients } from './clients.js'
import { ConfigError } from './config-error.js'
import type { Config, KeyConfig } from './config.js'
import { checkPlaces, readDevices } from './devices.js'
import { readEthereum } from './ethereum.js'
import { pathText, type Findings, type Path } from './findings.js'
import { readHeadCheck } from './head-check.js'
import { allowedPeers, listeners } from './peers.js'
import { readKeys } from './keys.js'
import { fileSchema, schemaProblems, type FileContents } from './schema.js'
import { readSeeds } from './seeds.js'
import { readSharedMarks } from './shared-marks.js'
import { maySignConsensus } from './signing-rules.js'
import { readSource } from './source.js'

/** What a configuration needs beside its text. */
export type ParseContext = {
  /** The file's path as messages name it; relative paths in the file start at its folder. */
  readonly file: string
  /** Wins over the file's `state_dir`. */
  readonly stateDir?: string | undefined
  /** Used where neither says; like the file's own it is relative to the file's folder. */
  readonly defaultStateDir: string
}

/** The largest configuration that is read: 1 MiB, a thousand times what one needs. */
export const MAX_FILE_BYTES = 1024 * 1024

/** One cycle of mainnet. */
const MAX_LEVEL_GAP = 14_400

/**
 * The configuration that `text` says, complete, checked and deeply frozen (but for the bytes of public keys,
 * which cannot be). Throws a `ConfigError` naming every problem found, and nothing else.
 */
export function parseConfig(text: string, context: ParseContext): Config {
  const { file } = context
  if (Buffer.byteLength(text) > MAX_FILE_BYTES) throw tooLarge(file)
  const source = readSource(text, file)
  const locate = ({ path, message }: { readonly path: Path; readonly message: string }) => {
    return { line: source.lineOf(path), path: pathText(path), message }
  }
  const contents = fileSchema.safeParse(source.value)
  if (!contents.success) {
    throw new ConfigError('invalid', file, schemaProblems(contents.error).map(locate))
  }
  const problems: { readonly path: Path; readonly message: string }[] = []
  const warnings: string[] = []
  const config = build(contents.data, context, warnings, {
    refuse: (path, message) => problems.push({ path, message }),
    warn: (sentence) => warnings.push(sentence),
  })
  if (problems.length > 0) throw new ConfigError('invalid', file, problems.map(locate))
  return deepFreeze(config)
}

/** The refusal of a file over `MAX_FILE_BYTES`. */
export function tooLarge(file: string): ConfigError {
  const message = `is larger than ${MAX_FILE_BYTES} bytes; name the bridge's own configuration file`
  return new ConfigError('unreadable', file, [{ line: undefined, path: '', message }])
}

function build(
  contents: FileContents,
  context: ParseContext,
  warnings: string[],
  findings: Findings,
): Config {
  const { file, stateDir, defaultStateDir } = context
  const { marks } = contents
  const { devices, returnAfterMs } = readDevices(contents, file, findings)
  const chains = [...new Set(contents.chains ?? mainnet())]
  const authentication = readAuthentication(contents, devices, findings)
  const clients = readClients(contents, file, authentication.key, findings)
  const names = clientNames({ ...clients, authenticationKey: authentication.key })
  const keys = readKeys(contents, authentication, names, { chains, devices }, findings)
  const { server, admin } = listeners(contents, file, keys, findings)
  const ethereum = readEthereum(contents, { configFile: file, devices, keys, names, server }, findings)
  const accounts = readAccounts(contents, file, devices, findings)
  const others = [ethereum?.key.device ?? [], accounts?.vault?.devices ?? []].flat()
  checkPlaces(devices, keys, { authenticationKey: authentication.key, others }, findings)
  refuseUnmarkedConsensus(contents, keys, findings)
  return {
    file,
    devices,
    returnAfterMs,
    ...{ server, admin, ethereum, accounts },
    allowedPeers: allowedPeers(contents, findings),
    chains,
    marks: {
      maxLevelGap: marks?.max_level_gap ?? MAX_LEVEL_GAP,
      shared: readSharedMarks(contents, file, findings),
    },
    headCheck: readHeadCheck(contents, findings),
    stateDir: resolve(dirname(file), stateDir ?? contents.state_dir ?? defaultStateDir),
    keys,
    authenticationKey: authentication.key,
    ...clients,
    seeds: readSeeds(contents, findings),
    logLevel: contents.verbose === true ? 'debug' : 'info',
    warnings,
  }
}

/** The one check that cannot be switched off: a baker who signs a level and round twice is slashed. */
function refuseUnmarkedConsensus(
  contents: FileContents,
  keys: readonly KeyConfig[],
  findings: Findings,
): void {
  if (contents.security?.high_water_mark_check !== false) return
  const bakers = keys.filter(maySignConsensus).map((key) => key.publicKeyHash)
  if (bakers.length === 0) return
  const reason = `${bakers.join(', ')} may sign blocks or votes, and signing a level and round twice is slashed`
  findings.refuse(
    ['security', 'high_water_mark_check'],
    `false is refused: ${reason}; remove the line or set it true`,
  )
}

function mainnet(): readonly ChainId[] {
  const id = parseChainId('mainnet')
  return id === undefined ? [] : [id]
}

function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value
  for (const inner of Object.values(value)) deepFreeze(inner)
  return Object.freeze(value)
}
