import { SerialPort } from 'serialport'
import { encodeCommand, scanReply, sign } from '../../dist/src/device/tezio/index.js'
import { attestation, levelsFrom } from './payload.mjs'

/** The P-256 key, which bakers use. */
const ALIAS = 3

/** The sizes of a reply's frame: a status byte, or a signature. */
const REPLY_SIZES = [5, 68]

/** The bytes of a SIGN command in its frame. */
export function signCommand(alias, message) {
  return Buffer.from(encodeCommand(sign.encode({ alias, message })))
}

/** The least that can be done on a port: `serialport` as it comes, the bytes of a command out, a whole reply in. */
export async function openBarePort(path) {
  const port = new SerialPort({ path, baudRate: 57600, autoOpen: false })
  await new Promise((resolve, reject) => port.open((error) => (error ? reject(error) : resolve())))
  let received = Buffer.alloc(0)
  let answered = () => undefined
  port.on('data', (bytes) => {
    received = Buffer.concat([received, bytes])
    const scan = scanReply(received, REPLY_SIZES)
    if (scan.kind === 'reply') answered(scan)
  })
  return {
    /** Resolves with the 64 bytes of the signature; rejects when the reply has none. */
    exchange: async (command) => {
      received = Buffer.alloc(0)
      const reply = new Promise((resolve) => (answered = resolve))
      port.write(command)
      const { size, body } = await reply
      if (size !== Math.max(...REPLY_SIZES))
        throw new Error(`the board answered with ${size} bytes, not a signature`)
      return body
    },
    close: () => new Promise((resolve) => port.close(resolve)),
  }
}

/** A task for `measure`: one SIGN after the other with the P-256 key. */
export function bareSigning(path, nextLevel = levelsFrom(1)) {
  let port
  return {
    open: async () => (port = await openBarePort(path)),
    run: () => port.exchange(signCommand(ALIAS, attestation(nextLevel()))),
    close: () => port.close(),
  }
}
