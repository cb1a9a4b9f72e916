import type { OpenEthereum, EthereumSurroundings } from './ethereum/index.js'
import type { ServedConfig } from './served-config.js'

/**
 * The jobs of Ethereum and the managed accounts that a configuration asks for; nothing of them is loaded for another one.
 * Rejects with a ConfigError, a StateError or an AccountsError.
 */
export async function openEthereum(
  config: ServedConfig,
  around: EthereumSurroundings,
): Promise<OpenEthereum | undefined> {
  if (config.ethereum === undefined && config.accounts === undefined) return undefined
  const { startEthereum } = await import('./ethereum/index.js')
  return startEthereum(config, around)
}
