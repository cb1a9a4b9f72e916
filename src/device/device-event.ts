import type { DeviceErrorCode } from './device-error.js'

/** What happens on the link, for logs and counters. Nothing in here is secret. */
export type DeviceEvent =
  /** `simulated`: the port is a pseudo-terminal, and so no board. */
  | { readonly event: 'device.opened'; readonly path: string; readonly simulated: boolean }
  | { readonly event: 'device.ready'; readonly path: string; readonly ms: number }
  | { readonly event: 'device.open-failed'; readonly code: DeviceErrorCode; readonly reason: string }
  | { readonly event: 'device.lost'; readonly path: string; readonly reason: string }
  | { readonly event: 'device.sync-lost'; readonly reason: SyncLossReason }
  | { readonly event: 'device.resynced'; readonly ms: number }
  | {
      readonly event: 'device.noise-discarded'
      readonly bytes: number
      readonly while: 'idle' | 'command' | 'resync'
    }
  | { readonly event: 'device.late-reply-discarded'; readonly bytes: number }
  | {
      readonly event: 'device.command-finished'
      readonly command: string
      readonly outcome: 'answered' | DeviceErrorCode
      readonly ms: number
    }

/** Why replies could no longer be matched with commands. */
export type SyncLossReason = 'no-reply' | 'reply-damaged' | 'stray-bytes' | 'probe-failed'

/** Receives events as they happen; it must not throw. */
export type DeviceEventSink = (event: DeviceEvent) => void
