import { expect } from 'vitest'
import type { Daemon } from '../daemon.js'
import { AccountsBench } from './accounts-bench.js'
import { killCreators, type KillTally } from './accounts-killed.js'
import { AccountsTokenBench } from './accounts-token-bench.js'
import { readyVault } from './ready-vault.js'

/** Later than most creations in a lane take, in ms; those in a token are slower. */
const LATEST_MS = { vault: 30, hsm: 300 } as const

/** Resolves when the token of accounts has told something. */
export function tokenLine(daemon: Daemon, event: string, times = 1): Promise<void> {
  return daemon.until(
    (lines) =>
      lines.filter((line) => line.event === event && line['device'] === 'accounts.hsm').length >= times,
  )
}

/** Daemons that are killed while they make accounts in a vault, on a new state directory. */
export async function crashInVault(seed: number, kills: number): Promise<KillTally> {
  const bench = await AccountsBench.make()
  try {
    const words = await readyVault(bench.bench.stateDir)
    return await killCreators(bench, {
      ...{ custody: 'vault', seed, kills, latestMs: LATEST_MS.vault },
      ready: async () => {
        expect(await bench.asks('recover', words)).toBe('opened')
      },
    })
  } finally {
    await bench.close()
  }
}

/** The same in a token, on which nothing may be left but the accounts' keys. */
export async function crashInToken(seed: number, kills: number): Promise<KillTally> {
  const made = await AccountsTokenBench.make()
  try {
    let last: Daemon | undefined
    const tally = await killCreators(made.accounts, {
      ...{ custody: 'hsm', seed, kills, latestMs: LATEST_MS.hsm },
      ready: async (daemon) => {
        last = daemon
        await tokenLine(daemon, 'device.ready')
        await made.settled()
      },
    })
    last?.kill('SIGTERM')
    await last?.exit
    const ids = (await made.records()).flatMap(({ accountId }) => [accountId, accountId]).sort()
    const onToken = made.objects().map(({ id }) => id)
    expect(onToken.sort(), `CRASH_SEED=${seed}: the ids on the token`).toEqual(ids)
    return tally
  } finally {
    await made.close()
  }
}
