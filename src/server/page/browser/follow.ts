import type { LiveMessage } from './live-message.js'

/** How the page hears of the daemon: told of every change, asking from time to time, or not at all. */
export type Link = 'live' | 'asking' | 'lost'

export type Listener = {
  readonly onMessage: (message: LiveMessage) => void
  readonly onLink: (link: Link) => void
}

const FIRST_RETRY_MS = 500
const LAST_RETRY_MS = 8000
/** The daemon says something every 15 s; a cable that was cut says nothing, not even that. */
const SILENCE_MS = 35_000
const ASK_EVERY_MS = 5000
const ASK_TIMEOUT_MS = 5000
/** How often the page asks before it tries the stream again. */
const ASKS_BETWEEN = 6

/** Follows the daemon for as long as the page is open, over every restart of it. */
export function follow({ onMessage, onLink }: Listener): void {
  let retryMs = FIRST_RETRY_MS
  let asked = 0

  const later = (ms: number, action: () => void) => setTimeout(action, ms)

  function listen(): void {
    const source = new EventSource('/api/events')
    let wasHeard = false
    let watchdog = later(SILENCE_MS, fail)
    const heard = () => {
      clearTimeout(watchdog)
      watchdog = later(SILENCE_MS, fail)
      wasHeard = true
      retryMs = FIRST_RETRY_MS
      onLink('live')
    }
    function fail(): void {
      clearTimeout(watchdog)
      source.close()
      if (wasHeard) lose()
      else void ask() // no stream: is there a daemon at all?
    }
    source.addEventListener('status', ({ data }: MessageEvent<string>) => {
      heard()
      onMessage(parse(data))
    })
    source.addEventListener('alive', heard)
    source.addEventListener('error', fail)
  }

  function lose(): void {
    onLink('lost')
    later(retryMs, listen)
    retryMs = Math.min(2 * retryMs, LAST_RETRY_MS)
  }

  async function ask(): Promise<void> {
    const message = await fetchMessage()
    if (message === undefined) {
      lose()
      return
    }
    onLink('asking')
    onMessage(message)
    asked += 1
    later(ASK_EVERY_MS, asked % ASKS_BETWEEN === 0 ? listen : () => void ask())
  }

  listen()
}

async function fetchMessage(): Promise<LiveMessage | undefined> {
  try {
    const response = await fetch('/api/page', { signal: AbortSignal.timeout(ASK_TIMEOUT_MS) })
    return response.ok ? parse(await response.text()) : undefined
  } catch {
    return undefined
  }
}

/** What the daemon of this very page sends is taken at its word: another version makes the page load itself again. */
function parse(text: string): LiveMessage {
  return JSON.parse(text) as LiveMessage
}
