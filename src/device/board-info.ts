import type { Session } from './session.js'
import { getInfo, type DeviceInfo } from './tezio/index.js'

const INFO_TIMEOUT_MS = 500

/** Asks what the firmware is and can do; a stock board's refusal of the question is an answer. Nothing is signed. */
export function readBoardInfo(session: Session): Promise<DeviceInfo> {
  return session.exchange(getInfo, undefined, INFO_TIMEOUT_MS)
}
