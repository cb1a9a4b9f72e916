import { expect, test } from 'vitest'
import { listPorts, TezioDevice, type LinkBinding } from '../../src/device/index.js'

/** A machine without udev, where serialport's list has no program to ask. */
const WITHOUT_UDEV: LinkBinding = {
  list: () => Promise.reject(new Error('spawn udevadm ENOENT')),
  open: () => Promise.reject(new Error('not reached')),
}
const SAID = { code: 'port-failed', message: expect.stringMatching(/udevadm ENOENT.*install udev/) as string }

test('where ports cannot be listed it is said what to do', async () => {
  await expect(listPorts(WITHOUT_UDEV)).rejects.toMatchObject(SAID)
})

test('a device that is to be found by itself says the same, and goes on looking', async () => {
  const device = new TezioDevice({ port: 'auto', timeoutMs: 1000, pins: [], binding: WITHOUT_UDEV })
  device.open()
  await expect(device.firstContact(2000)).rejects.toMatchObject(SAID)
  expect(device.health()).toMatchObject({ state: 'closed', lastError: SAID })
  await device.close()
})
