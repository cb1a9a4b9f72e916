import { cpSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, expect, it } from 'vitest'
import { failureOf, Opened } from './rig.js'
import { WORKER } from './soft-tokens.js'

const opened = new Opened()
afterEach(() => opened.close())

/** The shipped program of the module's process in a folder of its own, where no packages are. */
function workerWithoutPackages(folder: string): string {
  const device = dirname(dirname(fileURLToPath(WORKER)))
  cpSync(device, join(folder, 'device'), { recursive: true })
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
  return join(folder, 'device/pkcs11/worker.js')
}

it.each([
  ['is not installed', () => undefined],
  [
    'was installed and not compiled',
    (folder: string) => {
      const from = fileURLToPath(new URL('../../../node_modules/pkcs11js', import.meta.url))
      const to = join(folder, 'node_modules/pkcs11js')
      mkdirSync(to, { recursive: true })
      for (const name of ['package.json', 'index.js']) cpSync(join(from, name), join(to, name))
    },
  ],
])('where pkcs11js %s it is said what to do', async (_name, install) => {
  const { folder } = opened.tokens()
  const worker = workerWithoutPackages(folder)
  install(folder)
  const { device, log } = opened.device({ keys: [], worker })
  expect(await failureOf(device.firstContact(10_000))).toMatchObject({
    code: 'module-failed',
    message: expect.stringMatching(
      /python3, make and g\+\+.*npm run pkcs11.*npm rebuild --global --ignore-scripts=false pkcs11js/,
    ) as string,
  })
  expect(log.events).toMatchObject([{ event: 'device.open-failed', code: 'module-failed' }])
})
