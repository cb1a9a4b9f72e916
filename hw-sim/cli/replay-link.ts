import { createConnection } from 'node:net'
import { SerialPort } from 'serialport'
import type { DeviceKeys } from '../device-keys.js'
import type { EthPolicy } from '../eth-policy.js'
import type { ProfileName } from '../profile.js'
import { createSimulatedTezio } from '../simulated-tezio.js'
import type { ReplayLink } from '../transcript-replay.js'
import type { TcpAddress } from './device-plan.js'
import { UnavailableError } from './exit.js'

/** A link that was opened for a replay, and its end. */
export type OpenLink = { readonly link: ReplayLink; readonly close: () => Promise<void> }

/** A simulated device that has just started, in this process. */
export function simulatedLink(keys: DeviceKeys, profile: ProfileName, ethPolicy?: EthPolicy): OpenLink {
  const device = createSimulatedTezio({ keys, profile, ...(ethPolicy && { ethPolicy }) })
  let heard: (bytes: Uint8Array) => void = () => undefined
  const disconnect = device.connect({
    send: (bytes) => {
      heard(bytes)
    },
    unplug: () => undefined,
  })
  const link: ReplayLink = {
    send: (bytes) => {
      device.receive(bytes)
      return Promise.resolve()
    },
    onBytes: (listener) => {
      heard = listener
    },
    restart: () => {
      device.reboot()
    },
  }
  return {
    link,
    close: () => {
      disconnect()
      return Promise.resolve()
    },
  }
}

/** A device on a serial port. Rejects with an UnavailableError, as sending does once it is lost. */
export async function openSerialLink(path: string): Promise<OpenLink> {
  const port = new SerialPort({ path, baudRate: 57600, autoOpen: false })
  await new Promise<void>((resolve, reject) => {
    port.open((error) => {
      if (error === null) resolve()
      else reject(new UnavailableError(`cannot open ${path}: ${error.message}`))
    })
  })
  const lost = new Promise<unknown>((resolve) => {
    port.once('close', () => {
      resolve(new UnavailableError(`${path}: the device is gone`))
    })
  })
  port.on('error', () => undefined) // 'close' or the write's own answer follows
  const send = (bytes: Uint8Array) =>
    new Promise<void>((resolve, reject) => {
      if (!port.isOpen) {
        reject(new UnavailableError(`${path}: the device is gone`)) // a closed port would queue it
        return
      }
      port.write(Buffer.from(bytes), (error) => {
        if (error === null || error === undefined) resolve()
        else reject(new UnavailableError(`${path}: ${error.message}`))
      })
    })
  const onBytes = (listener: (bytes: Uint8Array) => void) => {
    port.on('data', listener)
  }
  const close = () =>
    new Promise<void>((resolve) => {
      if (!port.isOpen) resolve()
      else
        port.close(() => {
          resolve()
        })
    })
  return { link: { send, onBytes, lost }, close }
}

/** A simulated device on a TCP port. Rejects with an UnavailableError, as sending does once it is lost. */
export async function openTcpLink({ host, port }: TcpAddress): Promise<OpenLink> {
  const socket = createConnection({ host, port, noDelay: true })
  const gone = () => new UnavailableError(`${host}:${port}: the device is gone`)
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve)
    socket.once('error', (error) => {
      reject(new UnavailableError(`cannot connect to ${host}:${port}: ${error.message}`))
    })
  })
  socket.on('error', () => undefined) // 'close' follows
  const lost = new Promise<unknown>((resolve) => {
    socket.once('close', () => {
      resolve(gone())
    })
  })
  const send = (bytes: Uint8Array) =>
    new Promise<void>((resolve, reject) => {
      socket.write(bytes, (error) => {
        if (error === null || error === undefined) resolve()
        else reject(gone())
      })
    })
  const onBytes = (listener: (bytes: Uint8Array) => void) => {
    socket.on('data', listener)
  }
  const close = () =>
    new Promise<void>((resolve) => {
      socket.once('close', () => {
        resolve()
      })
      socket.destroy()
      if (socket.closed) resolve()
    })
  return { link: { send, onBytes, lost }, close }
}
