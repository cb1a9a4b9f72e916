import { describe, expect, test } from 'vitest'
import { BOARD, boardTree, findingOf, plantedHost, type Tree } from './support.js'

const found = (id: string, tree: Tree) => findingOf(id, {}, plantedHost(tree, [BOARD]))
const RUNS = { '/proc/77/comm': 'ModemManager' }

describe('modem-manager', () => {
  test('warns with the remedy where it runs and nothing keeps it from the board', async () => {
    expect(await found('modem-manager', { ...boardTree(), ...RUNS })).toMatchObject({
      status: 'warn',
      detail: expect.stringContaining('ModemManager (process 77)') as string,
      remedy: expect.stringContaining('60-tezio-bridge.rules') as string,
    })
  })

  test('warns also where udev’s database is not there to be read', async () => {
    const tree = Object.fromEntries(Object.entries(boardTree()).filter(([path]) => !path.startsWith('/run')))
    expect(await found('modem-manager', { ...tree, ...RUNS })).toMatchObject({ status: 'warn' })
  })

  test('F27 passes with a rule for the port, and with one for the whole USB device', async () => {
    const ofPort = boardTree({ udev: 'E:ID_MM_PORT_IGNORE=1' })
    const ofDevice = { ...boardTree(), '/run/udev/data/c189:5': 'E:ID_MM_DEVICE_IGNORE=1' }
    for (const tree of [ofPort, ofDevice]) {
      expect(await found('modem-manager', { ...tree, ...RUNS })).toMatchObject({ status: 'pass' })
    }
  })

  test('passes where it does not run', async () => {
    expect(await found('modem-manager', { ...boardTree(), '/proc/77/comm': 'bash' })).toMatchObject({
      status: 'pass',
    })
  })
})

describe('usb-autosuspend', () => {
  test('warns where the board may be switched off, with the delay', async () => {
    const finding = await found('usb-autosuspend', boardTree({ power: 'auto' }))
    expect(finding).toMatchObject({ status: 'warn', detail: expect.stringContaining('2000 ms') as string })
  })

  test('passes where it is never switched off', async () => {
    expect(await found('usb-autosuspend', boardTree())).toMatchObject({ status: 'pass' })
    expect(await found('usb-autosuspend', boardTree({ power: 'auto', delayMs: '-1000' }))).toMatchObject({
      status: 'pass',
    })
  })

  test('is skipped where the system tells nothing', async () => {
    expect(await found('usb-autosuspend', {})).toMatchObject({ status: 'skip' })
  })
})
