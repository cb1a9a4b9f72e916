import type { ServerResponse } from 'node:http'
import type { SSEStreamingApi } from 'hono/streaming'
import type { LiveMessage } from './browser/live-message.js'

/** Somebody who looks at the page. */
export type Viewer = {
  /** `false` when the viewer is gone, or was dropped because it does not read. */
  readonly send: (bytes: Uint8Array) => boolean
  readonly end: () => void
}

/** Bytes that may wait for a viewer: a whole state with an hour of signatures has at most 0.3 MB. */
const MAX_WAITING_BYTES = 1024 * 1024

/** An event of the stream in its text form; JSON has no line breaks of its own. */
export function frame(event: 'status' | 'alive', data: LiveMessage | string): Uint8Array {
  return new TextEncoder().encode(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`)
}

/** A viewer at the other end of a stream. */
export function streamViewer(stream: SSEStreamingApi, response: ServerResponse): Viewer {
  let waitingBytes = 0
  const drop = () => {
    stream.abort()
    response.destroy()
  }
  return {
    send: (bytes) => {
      if (stream.aborted || stream.closed) return false
      if (waitingBytes + bytes.length > MAX_WAITING_BYTES) {
        drop()
        return false
      }
      waitingBytes += bytes.length
      void stream.write(bytes).then(() => {
        waitingBytes -= bytes.length
      })
      return true
    },
    end: () => {
      // whoever has not read what was sent would hold the connection open
      if (waitingBytes > 0) drop()
      else void stream.close()
    },
  }
}
