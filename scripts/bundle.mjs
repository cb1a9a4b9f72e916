import { join } from 'node:path'
import { rolldown } from 'rolldown'

/**
 * Packages that stay files of their own: native parts, which find their binaries beside themselves, and pino, which starts
 * from its own path what it may run in a thread.
 */
const APART = [/serialport/, 'fs-native-extensions', '@lydell/node-pty', /^pino/]

/**
 * Makes one file, `daemon.js`, of all that `tezio-bridge serve` loads: finding, reading and compiling six hundred was more
 * than a third of the time from a start to the first signature. Other commands load the files one by one; where the file
 * refers to them (`./commands.js`) it lies beside them. Resolves with the paths of the modules that are in it.
 */
export async function bundleDaemon(dist, folder = join(dist, 'src/cli')) {
  const bundle = await rolldown({
    cwd: dist, // comments name modules by it
    input: 'src/cli/program.js',
    platform: 'node',
    external: [...APART, './commands.js'],
    onLog: (_level, { message }) => {
      throw new Error(`the daemon could not be bundled: ${message}`)
    },
  })
  const file = join(folder, 'daemon.js')
  const { output } = await bundle.write({ file, format: 'esm', codeSplitting: false })
  await bundle.close()
  return output.flatMap(({ moduleIds = [] }) => moduleIds)
}
