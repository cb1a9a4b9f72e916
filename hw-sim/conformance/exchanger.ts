/** The cable as the kit sees it: bytes out, bytes in, and a clock. The kit never asks another clock. */
export interface Exchanger {
  /** Milliseconds since any fixed moment; it never goes back. */
  now(): number
  /** Hands the bytes to the device in one piece. Rejects with a LinkLostError. */
  write(bytes: Uint8Array): Promise<void>
  /**
   * What has come since the last call, at once when there is something; else the first bytes within `waitMs`
   * milliseconds, or none. Rejects with a LinkLostError when the port is gone.
   */
  read(waitMs: number): Promise<Uint8Array>
}

/** The port went away, or could not be written to, while a device was being judged. */
export class LinkLostError extends Error {
  override readonly name = 'LinkLostError'
}
