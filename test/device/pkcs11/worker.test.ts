import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, constants, openSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { afterEach, describe, expect, it } from 'vitest'
import { failureOf, isAlive, Opened, PIN, TOKEN, workerPids } from './rig.js'
import { asTokenKey, MODULE, whyNoTokens, WORKER } from './soft-tokens.js'

const missing = whyNoTokens()
const opened = new Opened()
afterEach(() => opened.close())

/** A program that opens a token and then waits, until it is killed. */
function startParent(folder: string): ReturnType<typeof spawn> {
  const face = fileURLToPath(new URL('./index.js', WORKER))
  const program = join(folder, 'parent.mjs')
  const options = { module: MODULE, token: TOKEN, pin: PIN, keys: [], timeoutMs: 1000, worker: WORKER.href }
  writeFileSync(
    program,
    `import { Pkcs11Device } from ${JSON.stringify(face)}
     const options = ${JSON.stringify(options)}
     new Pkcs11Device({
       ...options,
       worker: new URL(options.worker),
       onEvent: ({ event }) => console.log(event),
     }).open()
     console.log('started')`,
  )
  return spawn(process.execPath, [program], { stdio: ['ignore', 'pipe', 'inherit'] })
}

describe.skipIf(missing !== '')('the process of a PKCS#11 module', () => {
  it('ends when its parent was killed', async () => {
    const tokens = opened.tokens()
    tokens.add(TOKEN.value, PIN)
    const parent = startParent(tokens.folder)
    let said = ''
    parent.stdout!.on('data', (text: Buffer) => (said += text.toString()))
    await opened.until(() => said.includes('device.ready'))
    await endsWithItsParent(parent)
  })

  it('ends when its parent was killed, also in the middle of a call that does not return', async () => {
    const tokens = opened.tokens()
    // SoftHSM reads its configuration in C_Initialize, and from this one nothing ever comes
    const conf = join(tokens.folder, 'never.conf')
    spawnSync('mkfifo', [conf])
    process.env['SOFTHSM2_CONF'] = conf
    const parent = startParent(tokens.folder)
    await opened.until(() => isReadAndHeld(conf))
    await endsWithItsParent(parent)
  })

  /** Whether somebody waits to read a FIFO; then he reads it from now on, for it is held open. */
  const isReadAndHeld = (fifo: string): boolean => {
    try {
      const held = openSync(fifo, constants.O_WRONLY | constants.O_NONBLOCK)
      opened.later(() => {
        closeSync(held)
      })
      return true
    } catch {
      return false // ENXIO: nobody reads yet
    }
  }

  const endsWithItsParent = async (parent: ReturnType<typeof spawn>) => {
    const pids = workerPids(parent.pid)
    expect(pids).toHaveLength(1)
    parent.kill('SIGKILL')
    await once(parent, 'exit')
    await opened.until(() => pids.every((pid) => !isAlive(pid)))
  }

  it('that answers nonsense is ended, and what it said is no signature', async () => {
    const { keys, tokens } = opened.scene()
    const program = join(tokens.folder, 'worker.mjs')
    for (const reply of ['{ kind: "opened" }', '"opened"', '{ kind: "signed", signature: "00" }']) {
      writeFileSync(program, `process.on('message', () => process.send(${reply}))`)
      const { device } = opened.device({ keys: keys.map(asTokenKey), worker: pathToFileURL(program) })
      expect(await failureOf(device.firstContact(10_000))).toMatchObject({ code: 'device-failed' })
      await device.close()
    }
  })

  it('that is not there is told as such', async () => {
    const { keys, tokens } = opened.scene()
    const { device } = opened.device({ keys: keys.map(asTokenKey), worker: join(tokens.folder, 'absent.js') })
    expect(await failureOf(device.firstContact(10_000))).toMatchObject({ code: 'device-lost' })
  })
})
