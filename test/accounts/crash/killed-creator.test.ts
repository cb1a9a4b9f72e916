import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { ethers } from 'ethers'
import { expect, test } from 'vitest'
import { seededNumbers } from '../../../hw-sim/scenario/seeded-chance.js'
import { AccountsJournal } from '../../../src/accounts/journal/accounts-journal.js'
import { temporaryDirectory } from '../../policy/fixture.js'
import { caller, serviceBench } from '../service-bench.js'
import { SoftToken } from '../soft-token.js'

const CREATOR = fileURLToPath(new URL('creator.mjs', import.meta.url))
const seed = Number(process.env['CRASH_SEED'] ?? Date.now() % 1e9)
const KILLS = 6

/** Runs the creator until it said so many accounts and some more microseconds went by; resolves with those it said. */
async function killedAfter(folder: string, accounts: number, spins: number): Promise<readonly string[]> {
  const child = spawn(process.execPath, [CREATOR, folder], { stdio: ['ignore', 'pipe', 'inherit'] })
  const said: string[] = []
  for await (const line of createInterface({ input: child.stdout })) {
    if (line !== 'ready') said.push(line)
    if (said.length !== accounts || line === 'ready') continue
    for (let spin = 0; spin < spins; spin += 1) Math.hypot(spin)
    child.kill('SIGKILL')
  }
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  expect(child.signalCode).toBe('SIGKILL')
  return said
}

/** What the files of the creator's token hold. */
function tokenOf(folder: string): SoftToken {
  const token = Object.assign(new SoftToken(), { name: 'files' })
  const directory = join(folder, 'token')
  for (const name of readdirSync(directory)) {
    if (!name.endsWith('.new')) token.keys.set(name, readFileSync(join(directory, name)))
  }
  return token
}

test(`a process that is killed while it makes accounts leaves none or usable ones, and loses none that it answered (seed ${seed})`, async () => {
  const folder = temporaryDirectory()
  const next = seededNumbers(seed)
  const answered: string[] = []
  const left = { accounts: 0, intents: 0 }
  for (let kill = 0; kill < KILLS; kill += 1) {
    answered.push(...(await killedAfter(folder, 1 + Math.floor(next() * 6), Math.floor(next() * 200_000))))
    const store = AccountsJournal.open({ directory: folder })
    left.intents += (await store.intents()).length
    const token = tokenOf(folder)
    const { service } = await serviceBench({ store, token })
    await service.settle()
    const accounts = await store.accounts()
    left.accounts = accounts.length
    expect(await store.intents()).toEqual([])
    const addresses: readonly string[] = accounts.map(({ address }) => address)
    expect(answered.filter((address) => !addresses.includes(address))).toEqual([])
    const inToken = accounts.filter(({ custody }) => custody === 'hsm').map(({ accountId }) => accountId)
    expect([...token.keys.keys()].sort()).toEqual(inToken.sort())
    for (const address of addresses) {
      const signed = await service.sign(caller(), address, { type: 'message', message: 'usable' })
      expect(signed).toMatchObject({ outcome: 'signed' })
      if (signed.outcome === 'signed') expect(ethers.verifyMessage('usable', signed.signature)).toBe(address)
    }
    await store.close()
  }
  expect(answered.length).toBeGreaterThanOrEqual(KILLS)
  expect(left.accounts).toBeGreaterThanOrEqual(answered.length)
}, 60_000)

test.each([
  ['before-key', 0],
  ['behind-key', 1],
])(
  'killed %s was made, %i accounts come of the intent, and the next start makes more',
  async (point, accounts) => {
    const folder = temporaryDirectory()
    const child = spawn(process.execPath, [CREATOR, folder, point], {
      stdio: ['ignore', 'ignore', 'inherit'],
    })
    await once(child, 'exit')
    expect(child.signalCode).toBe('SIGKILL')
    const store = AccountsJournal.open({ directory: folder })
    const token = tokenOf(folder)
    expect([await store.intents(), await store.accounts()]).toMatchObject([{ length: 1 }, { length: 0 }])
    const { service, create } = await serviceBench({ store, token })
    await service.settle()
    expect([await store.intents(), await store.accounts()]).toMatchObject([
      { length: 0 },
      { length: accounts },
    ])
    for (const { address } of await store.accounts()) {
      const signed = await service.sign(caller(), address, { type: 'message', message: 'usable' })
      expect(signed).toMatchObject({ outcome: 'signed', custody: 'hsm' })
    }
    await create('hsm')
    await store.close()
  },
)
