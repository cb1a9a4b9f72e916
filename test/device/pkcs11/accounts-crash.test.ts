import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, it } from 'vitest'
import { monotonicClock } from '../../../src/clock.js'
import type { AccountsToken } from '../../../src/device/pkcs11/accounts-token.js'
import { TokenProcess } from '../../../src/device/pkcs11/token-process.js'
import { settleSignature } from '../../../src/ethereum/index.js'
import { failureOf, isAlive, LABEL, Opened, PIN, TOKEN, workerPid, workerPids } from './rig.js'
import { MODULE, whyNoTokens, WORKER, type SoftTokens } from './soft-tokens.js'

const missing = whyNoTokens()
const opened = new Opened()
afterEach(() => opened.close())

/** How often the module's process is killed, and how often its parent. */
const ROUNDS = { worker: 24, parent: 3 }

/** SoftHSM makes four files for a key pair, one after the other. */
const FILES = 4

/** Looking at the folder so often takes about as long as SoftHSM takes from one of them to the next. */
const MOST_LOOKS = 60

const newId = () => randomBytes(16).toString('hex')

/** Resolves at an instant of the making of a key: somewhere behind its file number `files`. */
async function instantOf(tokens: SoftTokens, before: number, files: number, isOver: () => boolean) {
  await opened.until(() => isOver() || tokens.files().length >= before + files)
  let looks = Math.floor(Math.random() * MOST_LOOKS)
  await opened.until(() => tokens.files().length === 0 || looks-- <= 0)
}

const tally = () => ({ nothing: 0, half: 0, whole: 0 })

/** What a crash left, as another process of the token sees it; afterwards there is one whole key of the id, made once. */
async function checkAfterwards(device: AccountsToken, id: string, isAnyFileNew: boolean) {
  const left = await device.publicKeyOf(id)
  const again = await failureOf(device.generate(id))
  if (left === undefined) expect(again).toBe('resolved')
  else expect(again).toMatchObject({ code: 'device-refused', sent: false })
  const key = await device.publicKeyOf(id)
  if (left !== undefined) expect(key).toEqual(left)
  const digest = Uint8Array.from(randomBytes(32))
  expect(key && settleSignature(await device.sign(id, digest), digest, key)).toBeDefined()
  return left !== undefined ? 'whole' : isAnyFileNew ? 'half' : 'nothing'
}

/** One of each kind for an id, and none is left over that an account could be taken for. */
function checkObjects(tokens: SoftTokens, ids: readonly string[]): void {
  // SoftHSM also leaves objects in which there is nothing yet, neither an id nor a name nor a key
  const objects = tokens.objects(LABEL, PIN).filter(({ label, id }) => label !== '' || /^[0-9a-f]+$/.test(id))
  const found = objects.map(({ id, isPrivate, label }) => `${id} ${String(isPrivate)} ${label}`)
  expect(found.sort()).toEqual(
    ids.flatMap((id) => [`${id} false acct:${id}`, `${id} true acct:${id}`]).sort(),
  )
}

describe.skipIf(missing !== '')('a key of an account is there or is not, and never in two pieces', () => {
  it('whenever the process of its module is killed', async () => {
    const { tokens, device } = await opened.readyAccounts()
    const observer = workerPid()
    const startWorker = async () => {
      const child = new TokenProcess({ worker: WORKER, clock: monotonicClock, onEnd: () => undefined })
      opened.later(() => child.close())
      await child.ask({ kind: 'open-accounts', module: MODULE, token: TOKEN, pin: PIN }, 10_000)
      return { child, pid: workerPids().find((one) => one !== observer)! }
    }
    const [seen, ids] = [tally(), Array.from({ length: ROUNDS.worker }, newId)]
    // each time one file later, and at last after the answer
    let next = startWorker()
    for (const [round, id] of ids.entries()) {
      const { child, pid } = await next
      const before = tokens.files().length
      const generating = failureOf(child.ask({ kind: 'generate-account', id }, 5000))
      let isOver = false
      void generating.then(() => (isOver = true))
      await instantOf(tokens, before, round % (FILES + 2), () => isOver)
      process.kill(pid, 'SIGKILL')
      await generating
      await child.close()
      const isAnyFileNew = tokens.files().length > before
      next = startWorker()
      seen[await checkAfterwards(device, id, isAnyFileNew)] += 1
    }
    await next
    console.log(`killed ${ROUNDS.worker} times in the making of a key: ${JSON.stringify(seen)}`)
    // instants that are all too early or too late would prove nothing
    expect(seen.half).toBeGreaterThan(0)
    expect(seen.whole).toBeGreaterThan(0)
    checkObjects(tokens, ids)
    expect(device.health()).toMatchObject({ state: 'ready', timesReady: 1 })
  })

  it('whenever the program that asked for it is killed', async () => {
    const { tokens, device } = await opened.readyAccounts()
    const [seen, ids] = [tally(), Array.from({ length: ROUNDS.parent }, newId)]
    for (const [round, id] of ids.entries()) {
      const parent = startParent(tokens.folder)
      await once(parent.stdout, 'data')
      const pids = workerPids(parent.pid)
      expect(pids).toHaveLength(1)
      const before = tokens.files().length
      parent.stdin.write(id)
      await instantOf(tokens, before, round % FILES, () => false)
      parent.kill('SIGKILL')
      await once(parent, 'exit')
      await opened.until(() => pids.every((pid) => !isAlive(pid)))
      seen[await checkAfterwards(device, id, tokens.files().length > before)] += 1
    }
    console.log(`killed ${ROUNDS.parent} parents: ${JSON.stringify(seen)}`)
    checkObjects(tokens, ids)
  })
})

/** A program that opens the token, says so, and then makes the key whose id it is told. */
function startParent(folder: string) {
  const face = fileURLToPath(new URL('./accounts-token.js', WORKER))
  const program = join(folder, 'parent.mjs')
  const options = { module: MODULE, token: TOKEN, pin: PIN, timeoutMs: 5000, worker: fileURLToPath(WORKER) }
  writeFileSync(
    program,
    `import { AccountsToken } from ${JSON.stringify(face)}
     const token = new AccountsToken(${JSON.stringify(options)})
     token.open()
     await token.firstContact(10_000)
     console.log('ready')
     process.stdin.on('data', (id) => token.generate(id.toString()))`,
  )
  return spawn(process.execPath, [program], { stdio: ['pipe', 'pipe', 'inherit'] })
}
