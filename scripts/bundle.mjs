import { join } from 'node:path'
import { rolldown } from 'rolldown'

/**
 * Packages that stay files of their own: native parts, which find their binaries beside themselves, pino, which starts
 * from its own path what it may run in a thread, and what is optional and may not be installed.
 */
const APART = [
  ...[/serialport/, 'fs-native-extensions', '@lydell/node-pty', /^pino/],
  ...[/^pg(?:\/|$)/, /^@aws-sdk\//, 'pkcs11js', /^@inquirer\//],
]

/** Parts of the program that only some configurations need. */
const OPTIONAL = ['/src/device/pkcs11/', '/src/shared-marks/']

/**
 * Makes one file, `daemon-core.js` behind the entry `daemon.js`, of all that every `tezio-bridge serve` loads: finding, reading and compiling six hundred was more
 * than a third of the time from a start to the first signature. What only some configurations need, by an `import()`, lies
 * in files of its own beside it, which share its modules. Other commands load the files of the program one by one; where
 * the daemon refers to them (`./commands.js`) it lies beside them. Resolves with the paths of the modules in each file.
 */
export async function bundleDaemon(dist, folder = join(dist, 'src/cli')) {
  const bundle = await rolldown({
    cwd: dist, // comments name modules by it
    input: { daemon: 'src/cli/program.js' },
    platform: 'node',
    external: [...APART, './commands.js'],
    onLog: (_level, { message }) => {
      throw new Error(`the daemon could not be bundled: ${message}`)
    },
  })
  const { output } = await bundle.write({
    dir: folder,
    format: 'esm',
    entryFileNames: '[name].js',
    chunkFileNames: 'daemon-[name].js',
    codeSplitting: {
      groups: [{ name: 'core', test: (path) => !OPTIONAL.some((part) => path.includes(part)) }],
    },
  })
  await bundle.close()
  return new Map(output.map(({ fileName, moduleIds = [] }) => [fileName, moduleIds]))
}
