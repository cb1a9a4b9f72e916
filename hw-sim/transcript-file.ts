import { closeSync, fsyncSync, openSync, renameSync, unlinkSync, writeSync } from 'node:fs'
import type { TranscriptCase, TranscriptFile } from './transcript.js'

/** A recording on its way to a file. */
export type TranscriptWriter = {
  /** Adds one exchange. Throws the system's error, and keeps what was written before. */
  readonly write: (recorded: TranscriptCase) => void
  /** Completes the file and puts it in its place. Called twice it does nothing. */
  readonly close: () => void
  /** Leaves nothing behind. Called after `close` it does nothing. */
  readonly abandon: () => void
}

/**
 * Begins a recording. It grows in `FILE.part`, readable by its owner alone, and takes the place of FILE in one step
 * when it is closed: FILE is never half a recording. Throws the system's error.
 */
export function writeTranscript(file: string, head: Omit<TranscriptFile, 'cases'>): TranscriptWriter {
  const part = `${file}.part`
  const descriptor = openSync(part, 'w', 0o600)
  let isOpen = true
  let separator = ''
  const finish = (last: () => void) => {
    if (!isOpen) return
    isOpen = false
    try {
      last()
    } finally {
      closeSync(descriptor)
    }
  }
  writeSync(descriptor, `${JSON.stringify(head, null, 1).slice(0, -2)},\n "cases": [`)
  return {
    write: (recorded) => {
      if (!isOpen) return
      writeSync(descriptor, `${separator}\n  ${JSON.stringify(recorded)}`)
      separator = ','
    },
    close: () => {
      finish(() => {
        writeSync(descriptor, '\n ]\n}\n')
        fsyncSync(descriptor)
        renameSync(part, file)
      })
    },
    abandon: () => {
      finish(() => {
        unlinkSync(part)
      })
    },
  }
}
