declare module 'fs-native-extensions' {
  /** Takes an exclusive lock on the whole file behind a descriptor; `false` when another one has it. */
  export function tryLock(fd: number): boolean
  /** Waits for an exclusive lock on the whole file behind a descriptor. */
  export function waitForLock(fd: number): Promise<void>
}
