import { join } from 'node:path'
import { rolldown } from 'rolldown'

/**
 * Packages that stay files of their own: native parts, which find their binaries beside themselves, pino, which starts
 * from its own path what it may run in a thread, and what is optional and may not be installed.
 */
const APART = [
  ...[/serialport/, 'fs-native-extensions', '@lydell/node-pty', /^pino/],
  ...[/^pg(?:\/|$)/, /^@aws-sdk\//, 'pkcs11js', /^@inquirer\//, 'jsonc-parser'],
]

/** What encodes, judges and serves for Ethereum: parts of the program, and packages that nothing else needs. */
const ETHEREUM = [
  ...['/src/ethereum/', '/src/eth-signer/', '/src/accounts/', '/src/server/ethereum/', '/src/cli/ethereum/'],
  ...['/src/strict-json.js', '/node_modules/micro-eth-signer/', '/src/cli/accounts/'],
  ...['/src/device/pkcs11/ethereum-keys.js', '/src/device/pkcs11/accounts-token.js'],
  ...['/src/device/pkcs11/account-names.js', '/node_modules/@scure/bip39/'],
  ...['/node_modules/micro-packed/', '/node_modules/@noble/ciphers/'],
  '/@noble/hashes/sha3.js',
]
/** Accounts beside shared marks: it needs the files of both, and those with one of them do not need it. */
const SHARED_ACCOUNTS = '/src/accounts/postgresql/'
/** Parts of the program that only some configurations need. */
const OPTIONAL = ['/src/device/pkcs11/', '/src/shared-marks/', ...ETHEREUM]

/**
 * Makes one file, `daemon-core.js` behind the entry `daemon.js`, of all that every `tezio-bridge serve` loads: finding, reading and compiling six hundred was more
 * than a third of the time from a start to the first signature. What only some configurations need, by an `import()`, lies
 * in files of its own beside it, which share its modules; `daemon-runtime.js` is
 * what the bundler itself needs. Other commands load the files of the program one by one; where
 * the daemon refers to them (`./commands.js`) it lies beside them. Resolves with the paths of the modules in each file.
 */
export async function bundleDaemon(dist, folder = join(dist, 'src/cli')) {
  const bundle = await rolldown({
    cwd: dist, // comments name modules by it
    input: { daemon: 'src/cli/program.js' },
    platform: 'node',
    external: [...APART, './commands.js'],
    onLog: (_level, { code, message }) => {
      // a part that is loaded by configuration refers to itself plainly; the test of loaded files sees what lies where
      if (code === 'INEFFECTIVE_DYNAMIC_IMPORT') return
      throw new Error(`the daemon could not be bundled: ${message}`)
    },
  })
  const { output } = await bundle.write({
    dir: folder,
    format: 'esm',
    entryFileNames: '[name].js',
    chunkFileNames: ({ name }) => `daemon-${name.replace('rolldown-', '')}.js`,
    codeSplitting: {
      groups: [
        { name: 'core', test: (path) => !OPTIONAL.some((part) => path.includes(part)) },
        {
          name: 'pkcs11',
          test: (path) =>
            path.includes('/src/device/pkcs11/') && !ETHEREUM.some((part) => path.includes(part)),
        },
        // each group takes what it imports along, unless a group before has it
        { name: 'shared-marks', test: (path) => path.includes('/src/shared-marks/') },
        {
          name: 'ethereum',
          test: (path) => ETHEREUM.some((part) => path.includes(part)) && !path.includes(SHARED_ACCOUNTS),
        },
        { name: 'shared-accounts', test: (path) => path.includes(SHARED_ACCOUNTS) },
      ],
    },
  })
  await bundle.close()
  return new Map(output.map(({ fileName, moduleIds = [] }) => [fileName, moduleIds]))
}
