import { dirname, resolve } from 'node:path'
import type { DeviceConfig } from './config.js'
import type { AccountsConfig, AccountsTokenConfig } from './ethereum-config.js'
import type { Findings, Path } from './findings.js'
import type { AccountsEntry, FileContents } from './schema.js'

const ACCOUNTS: Path = ['accounts']
const SIGN_TIMEOUT_MS = 1500

/** Accounts that are made and kept for others; `undefined` where there are none. */
export function readAccounts(
  { accounts }: FileContents,
  configFile: string,
  devices: readonly DeviceConfig[],
  findings: Findings,
): AccountsConfig | undefined {
  if (accounts === undefined) return undefined
  const { hsm, vault, sign, chains, max_wei: maxWei, max_fee_wei: maxFeeWei, old_routes } = accounts
  const kinds = [
    ...(hsm === undefined ? [] : ['hsm' as const]),
    ...(vault === undefined ? [] : ['vault' as const]),
  ]
  const custody = accounts.custody ?? kinds[0]
  if (custody === undefined) findings.refuse(ACCOUNTS, 'says nowhere where keys are kept; add hsm or vault')
  else if (!kinds.includes(custody)) {
    findings.refuse([...ACCOUNTS, 'custody'], `is ${custody}, and there is no section ${custody}; add it`)
  }
  const asked = [...new Set(sign ?? (['message'] as const))]
  if (asked.includes('transaction') && (chains === undefined || maxFeeWei === undefined)) {
    findings.refuse(ACCOUNTS, 'lets accounts sign transactions; add chains, with ids, and max_fee_wei')
  }
  return {
    custody: custody ?? 'vault',
    hsm: hsm && readToken(hsm, configFile, findings),
    vault: vault === undefined ? undefined : { devices: readBoards(vault?.devices, devices, findings) },
    sign: asked,
    chains: chains ?? [],
    maxWei,
    maxFeeWei,
    oldRoutes: old_routes ?? false,
  }
}

function readToken(
  { module, token: { label, serial }, pin_file, timeout_ms }: NonNullable<AccountsEntry['hsm']>,
  configFile: string,
  findings: Findings,
): AccountsTokenConfig {
  const absolute = (file: string) => resolve(dirname(configFile), file)
  if ((label === undefined) === (serial === undefined)) {
    findings.refuse(
      [...ACCOUNTS, 'hsm', 'token'],
      'must have a label or a serial, and not both; a slot number can change',
    )
  }
  return {
    module: absolute(module),
    token: serial === undefined ? { by: 'label', value: label ?? '' } : { by: 'serial', value: serial },
    pinFile: pin_file === undefined ? undefined : absolute(pin_file),
    timeoutMs: timeout_ms ?? SIGN_TIMEOUT_MS,
  }
}

/** The boards that can open the vault; without a list the only one there is. */
function readBoards(
  listed: readonly string[] | undefined,
  devices: readonly DeviceConfig[],
  findings: Findings,
): readonly string[] {
  const boards = devices.filter(({ kind }) => kind === 'tezio').map(({ name }) => name)
  const path = [...ACCOUNTS, 'vault', 'devices']
  const known = boards.length === 0 ? 'there are none' : `there are ${boards.join(', ')}`
  for (const name of listed ?? []) {
    if (!boards.includes(name))
      findings.refuse(path, `"${name}" is no board (a device of kind tezio); ${known}`)
  }
  if (listed === undefined && boards.length !== 1) {
    findings.refuse(path, `does not say which boards open it; ${known}`)
  }
  return listed ?? boards
}
