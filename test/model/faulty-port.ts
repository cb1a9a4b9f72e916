import type { LinkBinding } from '../../src/device/index.js'
import { systemError } from '../policy/fixture.js'
import type { VirtualTime } from './virtual-time.js'

/** What becomes of one write. */
export type WriteFault =
  /** So many bytes leave, none at all with 0, and the system tells an error. */
  | { readonly kind: 'fails'; readonly after: number }
  /** So many bytes leave, and the system says that all did. */
  | { readonly kind: 'loses'; readonly after: number }
  /** The bytes leave in two pieces, the second one later. */
  | { readonly kind: 'pauses'; readonly after: number; readonly ms: number }
  /** The bytes leave later. */
  | { readonly kind: 'hangs'; readonly ms: number }

/** Stands between the driver and a port, at the seam `LinkBinding`, and spoils one write when it is told to. */
export class FaultyPort {
  /** What becomes of the next write; it happens once. */
  next: WriteFault | undefined

  /** The same binding, but for the write that is spoiled. */
  readonly around = (binding: LinkBinding, time: VirtualTime): LinkBinding => ({
    list: () => binding.list(),
    open: async (options) => {
      const port = await binding.open(options)
      const write = port.write.bind(port)
      port.write = (bytes) => {
        const { next } = this
        this.next = undefined
        return next === undefined ? write(bytes) : spoil(next, write, bytes, time)
      }
      return port
    },
  })
}

async function spoil(
  fault: WriteFault,
  write: (bytes: Buffer) => Promise<void>,
  bytes: Buffer,
  time: VirtualTime,
): Promise<void> {
  if (fault.kind === 'hangs') {
    await later(time, fault.ms)
    return write(bytes)
  }
  if (fault.after > 0) await write(bytes.subarray(0, fault.after))
  if (fault.kind === 'fails') throw systemError('EIO')
  if (fault.kind === 'loses') return
  await later(time, fault.ms)
  await write(bytes.subarray(fault.after))
}

function later(time: VirtualTime, ms: number): Promise<void> {
  return new Promise((resolve) => {
    time.schedule(ms, resolve)
  })
}
