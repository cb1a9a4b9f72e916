import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

/** One answer as a client printed it: status, content type, body. */
export type Printed = readonly [status: number, contentType: string, body: string]

/** Runs a client of an old service on these lines; rejects where it does not end well. */
export async function runClient(
  name: 'esms.py' | 'transfer.py',
  args: readonly string[],
  lines: readonly string[],
): Promise<readonly Printed[]> {
  const client = spawn('/usr/bin/python3', [fileURLToPath(new URL(name, import.meta.url)), ...args])
  let [out, err] = ['', '']
  client.stdout.on('data', (text: Buffer) => (out += text.toString()))
  client.stderr.on('data', (text: Buffer) => (err += text.toString()))
  client.stdin.end(lines.map((line) => `${line}\n`).join(''))
  const [code] = (await once(client, 'close')) as [number | null]
  if (code !== 0) throw new Error(`${name} ended with ${code}: ${err}`)
  return out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Printed)
}
