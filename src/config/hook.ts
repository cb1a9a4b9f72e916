import type { HookConfig, KeyConfig } from './config.js'
import { pathText, type Findings, type Path } from './findings.js'
import { HOOK_EXAMPLE, HOOK_KINDS } from './hook-values.js'
import type { SigningKeyEntry } from './schema.js'

const CONSENSUS: readonly string[] = ['block', 'preattestation', 'attestation']
const TIMEOUT_MS = 1000

/** The hook of a key, where it has one; warns of what hangs on it. */
export function readHook(
  { hook }: SigningKeyEntry,
  keyPath: Path,
  bytes: KeyConfig['allowedMagicBytes'],
  findings: Findings,
): HookConfig | undefined {
  if (!hook) return undefined
  const path = [...keyPath, 'hook']
  if (hook.url === undefined) {
    findings.refuse([...path, 'url'], `is missing, and without it nobody can be asked; ${HOOK_EXAMPLE}`)
    return undefined
  }
  const config: HookConfig = {
    url: hook.url,
    timeoutMs: hook.timeout_ms ?? TIMEOUT_MS,
    onError: hook.on_error ?? 'refuse',
    publicKey: hook.public_key,
    kinds: [...new Set(hook.kinds ?? HOOK_KINDS)],
  }
  warnOfBaking(config, pathText(path), bytes, findings)
  if (config.publicKey === undefined && isOpen(hook.url)) {
    findings.warn(
      `${pathText(path)}: its answers come over plain HTTP from another machine, and without public_key whoever stands between can give them.`,
    )
  }
  return config
}

function warnOfBaking(
  { kinds, onError, timeoutMs }: HookConfig,
  place: string,
  bytes: KeyConfig['allowedMagicBytes'],
  findings: Findings,
): void {
  const mayBake = bytes === 'any' || bytes.some((byte) => byte >= 0x11 && byte <= 0x13)
  if (!mayBake || !kinds.some((kind) => CONSENSUS.includes(kind))) return
  const cost = onError === 'refuse' ? 'and are refused while it does not answer' : `up to ${timeoutMs} ms`
  findings.warn(
    `${place}: blocks and votes wait for its answer, ${cost}; with kinds: [operation, michelson_data] it is asked about nothing else.`,
  )
}

function isOpen(text: string): boolean {
  const { protocol, hostname } = new URL(text)
  return protocol === 'http:' && !/^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname)
}
