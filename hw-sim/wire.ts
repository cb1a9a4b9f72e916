/** The other end of the cable. A device has one at a time. */
export interface Wire {
  /** Takes what the device sends, in one piece. */
  send(bytes: Uint8Array): void
  /** Pulls the plug, when a behaviour asks for it. */
  unplug(): void
}

/** Which way bytes went, seen from the device. */
export type Direction = 'in' | 'out'
