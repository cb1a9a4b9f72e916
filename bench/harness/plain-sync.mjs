import { closeSync, fdatasyncSync, openSync, writeSync } from 'node:fs'

/** A task that appends so many bytes to a plain file and waits for the disk: the least that a durable mark costs. */
export function plainSync(path, bytes) {
  const line = Buffer.alloc(bytes, 'x')
  let fd
  return {
    open: () => {
      fd = openSync(path, 'a')
    },
    run: () => {
      writeSync(fd, line)
      fdatasyncSync(fd)
    },
    close: () => {
      closeSync(fd)
    },
  }
}
