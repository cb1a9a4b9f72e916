import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The module of shim.c, compiled into a folder of its own. What it does is what SHIM in the environment says. */
export class Shim {
  readonly #folder = mkdtempSync(join(tmpdir(), 'tezio-shim-'))
  readonly module = join(this.#folder, 'shim.so')

  /** Why it cannot be compiled, told on the terminal as well. pkcs11js brings the standard's headers, and its compiler. */
  whyMissing(): string {
    const source = fileURLToPath(new URL('shim.c', import.meta.url))
    const headers = fileURLToPath(new URL('../../../node_modules/pkcs11js/includes/pkcs11', import.meta.url))
    const from = ['-I', headers, source, '-x', 'none', '-ldl']
    const args = ['-x', 'c', '-shared', '-fPIC', '-o', this.module, ...from]
    const { status, stderr } = spawnSync('gcc', args, { encoding: 'utf8' })
    if (status === 0) return ''
    console.warn(`skipped: gcc does not compile shim.c: ${stderr}`)
    return 'no compiler'
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true })
  }
}
