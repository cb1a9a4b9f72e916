import { execFile } from 'node:child_process'
import { ROOT } from '../docs/documents.js'

/** How long a download may take, in ms. */
export const DOWNLOAD_MS = 240_000

/** What npm printed, or why it could not; `isOffline` when the reason is that the registry does not answer. */
export type NpmResult =
  | { readonly outcome: 'done'; readonly stdout: string }
  | { readonly outcome: 'failed'; readonly reason: string; readonly isOffline: boolean }

const OFFLINE =
  /\b(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|E5\d\d|EIDLETIMEOUT)\b/

/** Runs npm with this user's own configuration, while this process goes on with its work. */
export function npm(args: readonly string[], cwd: string = ROOT): Promise<NpmResult> {
  return new Promise((resolve) => {
    const options = { cwd, timeout: DOWNLOAD_MS, env: { ...process.env, npm_config_fetch_retries: '1' } }
    execFile('npm', [...args], options, (error, stdout, stderr) => {
      if (error === null) resolve({ outcome: 'done', stdout })
      else {
        const reason = error.killed === true ? `npm took longer than ${DOWNLOAD_MS} ms` : stderr.trim()
        resolve({ outcome: 'failed', reason, isOffline: error.killed === true || OFFLINE.test(stderr) })
      }
    })
  })
}
