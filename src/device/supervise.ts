import type { DeviceStatus } from './device-status.js'

const BACK_OFF_MS = { first: 250, most: 2000 }

/**
 * Lives one life after the other until `isOver`, with a pause that grows while none of them gets ready. Whoever ends it
 * wakes `status`. `liveOnce` never rejects.
 */
export async function supervise(
  status: DeviceStatus,
  isOver: () => boolean,
  liveOnce: () => Promise<void>,
): Promise<void> {
  let backOffMs = BACK_OFF_MS.first
  while (!isOver()) {
    const readyBefore = status.timesReady
    await liveOnce()
    if (status.timesReady > readyBefore) backOffMs = BACK_OFF_MS.first
    await status.until(isOver, backOffMs)
    backOffMs = Math.min(backOffMs * 2, BACK_OFF_MS.most)
  }
}
