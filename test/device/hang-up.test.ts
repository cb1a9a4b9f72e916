import { pbkdf2 } from 'node:crypto'
import { closeSync, constants, openSync } from 'node:fs'
import { execFileSync } from 'node:child_process'
import type { ReadStream } from 'node:tty'
import { promisify } from 'node:util'
import * as nodePty from '@lydell/node-pty'
import { afterEach, describe, expect, it } from 'vitest'
import { openSerialLink } from '../../src/device/serial-link.js'

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

/** A bare terminal pair: unlike hw-sim's it hangs up the instant it is told to, as a pulled cable does. */
function barePair(): { readonly master: ReadStream; readonly path: string } {
  const open = (
    nodePty as unknown as {
      open: (options: object) => { master: ReadStream; slave: ReadStream; ptsName: string }
    }
  ).open
  const { master, slave, ptsName } = open({ cols: 80, rows: 24, encoding: null })
  const keeper = openSync(ptsName, constants.O_RDWR | constants.O_NOCTTY)
  execFileSync('stty', ['-F', ptsName, 'raw', '-echo'])
  slave.destroy()
  master.removeAllListeners('error')
  master.on('error', () => undefined)
  cleanups.push(() => {
    closeSync(keeper)
  })
  return { master, path: ptsName }
}

describe('a port that hangs up', () => {
  it('F28 is lost at once, even in the tick of a reply, when every further read gives zero bytes', async () => {
    for (let round = 0; round < 20; round += 1) {
      const { master, path } = barePair()
      let received = 0
      const heard = { resolve: (): void => undefined }
      const reply = new Promise<void>((resolve) => (heard.resolve = resolve))
      let reason = ''
      const lost = new Promise<void>((resolve) => {
        void openSerialLink(path, {
          onData: (bytes) => {
            received += bytes.length
            if (received < 5) return
            master.destroy() // in the very tick of the reply: the next read finds the terminal hung up
            heard.resolve()
          },
          onLost: (why) => {
            reason = why
            resolve()
          },
        }).then(async (link) => {
          cleanups.push(() => link.close())
          master.on('data', () => {
            master.write(Uint8Array.of(5, 0, 1, 2, 3))
          })
          await link.write(Uint8Array.of(1, 2, 3))
        })
      })
      await reply
      await lost
      expect(reason).not.toBe('')
    }
  })

  it('is not written to afterwards: a write would wait for whatever is plugged in next', async () => {
    const { master, path } = barePair()
    const gone = { resolve: (): void => undefined }
    const lost = new Promise<void>((resolve) => (gone.resolve = resolve))
    const link = await openSerialLink(path, { onData: () => undefined, onLost: gone.resolve })
    master.destroy()
    await lost
    await expect(link.write(Uint8Array.of(1))).rejects.toMatchObject({ code: 'device-lost', sent: false })
    await link.close()
  })

  it('F30 is written and read although every thread of the I/O pool is busy', async () => {
    const { master, path } = barePair()
    cleanups.push(() => {
      master.destroy()
    })
    const heard = { resolve: (): void => undefined }
    const reply = new Promise<string>(
      (resolve) =>
        (heard.resolve = () => {
          resolve('reply')
        }),
    )
    const link = await openSerialLink(path, { onData: heard.resolve, onLost: () => undefined })
    master.on('data', () => {
      master.write(Uint8Array.of(1))
    })
    const derive = promisify(pbkdf2)
    const busy = Array.from({ length: 8 }, () => derive('', '', 1_000_000, 64, 'sha512'))
    await link.write(Uint8Array.of(1))
    expect(await Promise.race([reply, ...busy.map((work) => work.then(() => 'pool'))])).toBe('reply')
    await Promise.all(busy)
    await link.close()
  })

  it('can be held by one program only', async () => {
    const { master, path } = barePair()
    cleanups.push(() => {
      master.destroy()
    })
    const handlers = { onData: () => undefined, onLost: () => undefined }
    const link = await openSerialLink(path, handlers)
    await expect(openSerialLink(path, handlers)).rejects.toMatchObject({ code: 'port-busy' })
    await link.close()
    await (await openSerialLink(path, handlers)).close()
  })
})
