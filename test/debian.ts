import { join } from 'node:path'
import { ROOT } from './docs/documents.js'

type Packages = { readonly ensureDebianPackage: (name: string) => string | undefined }

const { ensureDebianPackage } = (await import(join(ROOT, 'scripts/debian-package.mjs'))) as Packages

/** Makes a Debian package work; false, with the reason on standard error, where it cannot be had. */
export function hasDebianPackage(name: string): boolean {
  const missing = ensureDebianPackage(name)
  if (missing !== undefined) console.warn(`skipped: ${missing}`)
  return missing === undefined
}
