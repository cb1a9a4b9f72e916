import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import type { PageState } from './browser/live-message.js'

/** A file that the page needs. */
export type Asset = { readonly contentType: string; readonly bytes: Uint8Array<ArrayBuffer> }

/** What the page needs beside itself. `build` names the contents of all: a changed file changes every address. */
export type Assets = { readonly build: string; readonly files: ReadonlyMap<string, Asset> }

/** More than any file of the page has: uPlot, the largest, has 52 KB. */
const MAX_BYTES = 512 * 1024

const SCRIPT = 'text/javascript; charset=utf-8'
const STYLE = 'text/css; charset=utf-8'

/**
 * Reads the compiled page once, for as long as the daemon runs. `folder` is where the build put it.
 * Throws the system's error for a file that is missing, which names it.
 */
export function loadAssets(version: string, folder: string): Assets {
  const { resolve } = createRequire(import.meta.url)
  const files = new Map<string, Asset>([
    ['page.css', styles(join(folder, 'styles'))],
    ['uplot.css', read(resolve('uplot/dist/uPlot.min.css'), STYLE)],
    ['uplot.js', read(resolve('uplot/dist/uPlot.iife.min.js'), SCRIPT)],
    ...scripts(join(folder, 'browser')),
    ...icons(),
  ])
  const hash = createHash('sha256').update(version)
  for (const [name, { bytes }] of files) hash.update(`\n${name}\n`).update(bytes)
  return { build: hash.digest('hex').slice(0, 16), files }
}

/** The parts of the style in their order: a later one may overrule an earlier one. */
const STYLES = ['foundation', 'frame', 'verdict', 'tables', 'keys-and-marks', 'latency', 'decisions']

function styles(folder: string): Asset {
  const parts = STYLES.map((name) => read(join(folder, `${name}.css`), STYLE).bytes)
  return { contentType: STYLE, bytes: Uint8Array.from(Buffer.concat(parts)) }
}

function scripts(folder: string): readonly [string, Asset][] {
  const names = readdirSync(folder).filter((name) => name.endsWith('.js'))
  return names.sort().map((name) => [name, read(join(folder, name), SCRIPT)])
}

function read(path: string, contentType: string): Asset {
  const { size } = statSync(path)
  if (size > MAX_BYTES)
    throw new Error(`${path} has ${size} bytes, more than the ${MAX_BYTES} of any file of the page`)
  return { contentType, bytes: Uint8Array.from(readFileSync(path)) }
}

/** What a tab shows. A shape each, so that colour is not all that tells them apart. */
const ICONS: Readonly<Record<PageState | 'lost', readonly [colour: string, path: string]>> = {
  ready: ['#13703f', 'M9 16.5l5 5 9-11'],
  warning: ['#a35f00', 'M16 8v9m0 5v.5'],
  'not-ready': ['#b3261e', 'M10.5 10.5l11 11m0-11l-11 11'],
  lost: ['#5b6675', 'M9 16h14'],
}

function icons(): readonly [string, Asset][] {
  return Object.entries(ICONS).map(([name, [colour, path]]) => {
    const text = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><circle cx="16" cy="16" r="15" fill="${colour}"/><path d="${path}" fill="none" stroke="#fff" stroke-width="4" stroke-linecap="round" stroke-linejoin="round"/></svg>`
    return [`${name}.svg`, { contentType: 'image/svg+xml', bytes: new TextEncoder().encode(text) }]
  })
}
