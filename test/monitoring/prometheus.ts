import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { stringify } from 'yaml'
import { z } from 'zod'
import { ALONE } from '../e2e/daemon.js'
import { RULES } from './rules.js'

const answer = z.object({
  status: z.enum(['success', 'error']),
  error: z.string().optional(),
  data: z.unknown(),
})
const samples = z.object({
  result: z.array(z.looseObject({ value: z.tuple([z.number(), z.string()]) })),
})
const rules = z.object({
  groups: z.array(
    z.looseObject({
      rules: z.array(
        z.looseObject({
          name: z.string(),
          health: z.string(),
          alerts: z.array(z.looseObject({ annotations: z.record(z.string(), z.string()) })).optional(),
        }),
      ),
    }),
  ),
})

/** A rule as the server sees it. */
export type ServedRule = z.infer<typeof rules>['groups'][number]['rules'][number]

/** How often the daemon is scraped. */
export const SCRAPE = '300ms'

/** A real Prometheus on loopback that scrapes one daemon, with the rules of this project. */
export class Prometheus {
  readonly #child: ChildProcess
  readonly #folder: string
  readonly #url: string

  private constructor(child: ChildProcess, folder: string, url: string) {
    this.#child = child
    this.#folder = folder
    this.#url = url
  }

  /** Resolves when it listens; `target` is `host:port`. */
  static async start(target: string): Promise<Prometheus> {
    const folder = mkdtempSync(join(tmpdir(), 'tezio-prometheus-'))
    const config = {
      global: { scrape_interval: SCRAPE, scrape_timeout: SCRAPE, evaluation_interval: '1s' },
      rule_files: [join(folder, 'alerts.yml')],
      scrape_configs: [{ job_name: 'tezio-bridge', static_configs: [{ targets: [target] }] }],
    }
    writeFileSync(join(folder, 'prometheus.yml'), stringify(config))
    // the rules as they are, each evaluated every second: nobody waits for a group's own interval
    writeFileSync(join(folder, 'alerts.yml'), RULES.replaceAll(/^ +interval: .*\n/gm, ''))
    const options = [
      `--config.file=${join(folder, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      '--web.listen-address=127.0.0.1:0',
    ]
    const child = spawn('bash', ['-c', ALONE, 'bash', 'prometheus', ...options], {
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    const lines: string[] = []
    for await (const line of createInterface({ input: child.stderr })) {
      lines.push(line)
      const address = /msg="Listening on" address=(\S+)/.exec(line)?.[1]
      if (address === undefined) continue
      child.stderr.resume() // nobody reads the rest, and a full pipe would stop it
      const made = new Prometheus(child, folder, `http://${address}`)
      await made.until(async () => (await fetch(`http://${address}/-/ready`)).ok)
      return made
    }
    throw new Error(`prometheus ended: ${lines.join('\n')}`)
  }

  /** The values of a query now; throws what the server says of a wrong one. */
  async values(query: string): Promise<readonly number[]> {
    const { result } = await this.#ask(`query?${new URLSearchParams({ query }).toString()}`, samples)
    return result.map(({ value: [, text] }) => Number(text))
  }

  /** The values of a label in the series that a selector finds. */
  async labelValues(label: string, selector: string): Promise<readonly string[]> {
    const query = new URLSearchParams({ 'match[]': selector }).toString()
    return this.#ask(`label/${label}/values?${query}`, z.array(z.string()))
  }

  async rules(): Promise<readonly ServedRule[]> {
    return (await this.#ask('rules', rules)).groups.flatMap((group) => group.rules)
  }

  /** Resolves when `isSo` holds; it is asked again and again, and the test's time is the limit. */
  async until(isSo: () => Promise<boolean>): Promise<void> {
    while (!(await isSo())) await new Promise((resolve) => setImmediate(resolve))
  }

  async close(): Promise<void> {
    const ended = new Promise((resolve) => this.#child.once('exit', resolve))
    this.#child.kill('SIGKILL')
    await ended
    rmSync(this.#folder, { recursive: true })
  }

  async #ask<Data>(path: string, data: z.ZodType<Data>): Promise<Data> {
    const response = await fetch(`${this.#url}/api/v1/${path}`)
    const answered = answer.parse(await response.json())
    if (answered.status === 'error') throw new Error(`${path}: ${answered.error ?? ''}`)
    return data.parse(answered.data)
  }
}
