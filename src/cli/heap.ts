import { setFlagsFromString } from 'node:v8'

/**
 * Lets V8 collect garbage before it takes more memory. By itself it lets a program that makes much garbage grow far beyond
 * what it keeps: a daemon that keeps 25 MiB to 150 MiB. Called once all is started, because a start makes much that stays.
 * V8 reads both flags at each decision to grow, so a process that runs can set them; the soak of `npm run bench` shows
 * what it does.
 */
export function keepHeapSmall(): void {
  setFlagsFromString('--semi-space-growth-factor=1')
  setFlagsFromString('--heap-growing-percent=20')
}
