import { readFileSync } from 'node:fs'
import { z } from 'zod'

/** The package's version, from its own package.json, which is the nearest one above this file. */
export function packageVersion(): string {
  for (const path of ['../../package.json', '../../../package.json']) {
    const text = tryRead(new URL(path, import.meta.url))
    const parsed = z.looseObject({ name: z.literal('tezio-bridge'), version: z.string() }).safeParse(text)
    if (parsed.success) return parsed.data.version
  }
  throw new Error('package.json of tezio-bridge was not found beside the program')
}

function tryRead(url: URL): unknown {
  try {
    return JSON.parse(readFileSync(url, 'utf8'))
  } catch {
    return undefined
  }
}
