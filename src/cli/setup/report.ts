import { describeKeys } from '../key-table.js'
import { chainName } from '../../tezos/index.js'
import type { SetupResult } from './setup.js'

/** What was found, meant and done, for a program. */
export function report({ board, signing, plan, done }: SetupResult, warnings: readonly string[]): object {
  const { config, state, install, next } = plan
  return {
    isDone: done !== undefined,
    board: { path: board.path, ...board.device, keys: describeKeys(board.keys, config.config, []) },
    key: signing.key,
    chain: chainName(signing.chain),
    operations: signing.operations,
    authenticationKey: signing.authenticationKey ?? null,
    config: { file: config.file, action: config.action, backup: done?.backup ?? null, text: config.text },
    state,
    install:
      install === undefined
        ? null
        : { isDone: done?.installed !== undefined, command: install.command, files: install.preview },
    next,
    warnings,
  }
}
