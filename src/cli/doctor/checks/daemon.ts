import { z } from 'zod'
import { listenText, type Config, type ListenAddress } from '../../../config/index.js'
import { processText } from '../../host/index.js'
import { packageVersion } from '../../version.js'
import { NO_CONFIG, fail, pass, skip, warn, type Check, type Finding } from '../check.js'
import type { DoctorFacts } from '../facts.js'
import type { DaemonFacts } from '../facts/daemon-facts.js'

/** Whether a daemon runs and can be asked. */
export function judgeDaemon(facts: DaemonFacts): Finding {
  switch (facts.outcome) {
    case 'none':
      return warn('no daemon is running', 'tezio-bridge serve')
    case 'silent': {
      const who = facts.process === undefined ? 'a daemon' : processText(facts.process)
      return fail(
        `${who} has the state and cannot be asked: ${facts.reason}`,
        'run this as root or as the daemon’s user; if that is so already, read the daemon’s log',
      )
    }
    case 'answers': {
      const { devices, process } = facts
      const who = process === undefined ? 'it' : processText(process)
      const told = devices.map(({ name, state, path }) => {
        const which = devices.length === 1 ? 'its device' : name
        return `${which} is ${state}${path === undefined ? '' : ` on ${path}`}`
      })
      return pass(`${who} answers; ${told.join(', ')}`)
    }
  }
}

/** What a page of the daemon said, or why it said nothing. */
export type PageFacts =
  | { readonly outcome: 'answered'; readonly status: number; readonly body: unknown }
  | { readonly outcome: 'failed'; readonly reason: string }

const readySchema = z.object({
  ready: z.boolean(),
  reasons: z.array(z.object({ code: z.string(), message: z.string() })),
  warnings: z.array(z.object({ code: z.string(), message: z.string() })),
})

/** Whether a signature could be made now, in the daemon's words. */
export function judgeReady(health: PageFacts, readiness: PageFacts): Finding {
  const remedy = 'mend what it names, or read the daemon’s log'
  if (health.outcome === 'failed' || health.status !== 200) {
    return fail(
      `/healthz does not answer (${health.outcome === 'failed' ? health.reason : health.status})`,
      remedy,
    )
  }
  const parsed = readySchema.safeParse(readiness.outcome === 'answered' ? readiness.body : undefined)
  if (!parsed.success) return fail('/readyz does not answer', remedy)
  const { ready, reasons, warnings } = parsed.data
  const told = (list: typeof reasons) => list.map(({ code, message }) => `${code}: ${message}`).join('; ')
  if (!ready) return fail(told(reasons), remedy)
  return warnings.length === 0
    ? pass('it could sign now')
    : warn(`it could sign now; ${told(warnings)}`, 'tezio-bridge status tells what to do about each')
}

const nameSchema = z.object({ name: z.literal('tezio-bridge'), version: z.string() })

/** Whether the daemon is of this very version; after an upgrade it is not, until it is restarted. */
export function judgeVersion(page: PageFacts, own: string): Finding {
  const parsed = nameSchema.safeParse(page.outcome === 'answered' ? page.body : undefined)
  if (!parsed.success) {
    const why = page.outcome === 'failed' ? page.reason : `status ${page.status}`
    return warn(
      `the daemon does not tell its version (${why})`,
      'ask from a machine in allowed_ips: curl -s http://ADDRESS/',
    )
  }
  const { version } = parsed.data
  if (version === own) return pass(version)
  return warn(
    `the daemon is ${version} and this is ${own}`,
    'restart the daemon: sudo systemctl restart tezio-bridge',
  )
}

const PAGE_TIMEOUT_MS = 3000

async function askPage({ host, port }: ListenAddress, path: string, signal: AbortSignal): Promise<PageFacts> {
  // a listener on every address is asked on this machine's own
  const name = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host
  const url = `http://${listenText({ host: name, port })}${path}`
  try {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(PAGE_TIMEOUT_MS)])
    const response = await fetch(url, { signal: limit, redirect: 'manual' })
    const body: unknown = await response.json()
    return { outcome: 'answered', status: response.status, body }
  } catch (error) {
    return { outcome: 'failed', reason: `${url}: ${error instanceof Error ? error.message : String(error)}` }
  }
}

/** Judges a running daemon's page; skips where none runs, or nobody knows where it listens. */
async function ofListener(
  facts: DoctorFacts,
  choose: (config: Config) => ListenAddress,
  judge: (listen: ListenAddress) => Promise<Finding>,
): Promise<Finding> {
  const loaded = facts.config()
  if (loaded.outcome !== 'loaded') return skip(NO_CONFIG)
  if ((await facts.daemon())?.outcome !== 'answers') return skip('no daemon answers')
  const { server } = loaded.config
  if (choose(loaded.config) === server.listen && server.transport !== 'plain') {
    return skip('the signer speaks TLS, which is not asked here: tezio-bridge status tells the version')
  }
  const listen = choose(loaded.config)
  return listen.port === 0 ? skip('it listens on a port that the system chose') : judge(listen)
}

/** The running daemon. */
export const daemonChecks: readonly Check[] = [
  {
    id: 'daemon-runs',
    title: 'The daemon',
    run: async ({ daemon }) => {
      const facts = await daemon()
      return facts === undefined ? skip(NO_CONFIG) : judgeDaemon(facts)
    },
  },
  {
    id: 'daemon-ready',
    title: 'The daemon is ready',
    run: (facts) =>
      ofListener(
        facts,
        ({ admin }) => admin.listen,
        async (listen) => {
          const health = await askPage(listen, '/healthz', facts.signal)
          return judgeReady(health, await askPage(listen, '/readyz', facts.signal))
        },
      ),
  },
  {
    id: 'daemon-version',
    title: 'Version of the daemon',
    run: (facts) =>
      ofListener(
        facts,
        ({ server }) => server.listen,
        async (listen) => judgeVersion(await askPage(listen, '/', facts.signal), packageVersion()),
      ),
  },
]
