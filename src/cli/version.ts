import { readFileSync } from 'node:fs'
import { z } from 'zod'

const description = z.looseObject({
  name: z.literal('tezio-bridge'),
  version: z.string(),
  engines: z.object({ node: z.string() }),
})

/** The package's version, from its own package.json. */
export function packageVersion(): string {
  return packageFacts().version
}

/** What package.json says: the version of this program, and the one of Node that it needs, such as `>=20.19`. */
export function packageFacts(): { readonly version: string; readonly node: string } {
  const { version, engines } = ownPackage()
  return { version, node: engines.node }
}

/** A file or folder of the package by its path from the package's root, whether it is there or not. */
export function packageFile(path: string): URL {
  return new URL(path, ownPackage().root)
}

/** The nearest package.json above this file: the sources and the compiled program lie at different depths. */
function ownPackage() {
  for (const path of ['../../package.json', '../../../package.json']) {
    const url = new URL(path, import.meta.url)
    const parsed = description.safeParse(tryRead(url))
    if (parsed.success) return { root: new URL('.', url), ...parsed.data }
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
