/** The import table of docs/architecture.md, enforced. */
const area = (path) => `^${path}/`
const BASE = '^src/(clock|strict-json|system-error)\\.ts$'
const only = (from, allowed) => ({
  name: `${from.replaceAll('/', '-')}-imports`,
  severity: 'error',
  from: { path: area(from) },
  to: { path: '^(src|hw-sim|test|scripts)/', pathNot: [area(from), BASE, ...allowed] },
})

module.exports = {
  forbidden: [
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    only('src/tezos', []),
    {
      name: 'device-protocol-imports',
      severity: 'error',
      comment: 'src/device/tezio is pure and shared with hw-sim: it may know src/tezos, never the session',
      from: { path: area('src/device/tezio') },
      to: { path: '^(src|hw-sim)/', pathNot: [area('src/device/tezio'), area('src/tezos')] },
    },
    only('src/ethereum', []),
    only('src/device', [area('src/tezos'), '^src/ethereum/index\\.ts$']),
    only('src/policy', [area('src/tezos')]),
    only('src/config', [area('src/tezos')]),
    only('src/migration', [area('src/tezos'), '^src/policy/index\\.ts$']),
    only('src/octez', [area('src/tezos')]),
    only('src/shared-marks', [area('src/tezos'), '^src/policy/index\\.ts$']),
    only('src/eth-signer', ['^src/(ethereum|policy)/index\\.ts$']),
    {
      name: 'src-accounts-imports',
      severity: 'error',
      from: { path: area('src/accounts'), pathNot: area('src/accounts/postgresql') },
      to: {
        path: '^(src|hw-sim|test|scripts)/',
        pathNot: [...[area('src/accounts'), BASE, area('src/tezos')], '^src/(ethereum|policy)/index\\.ts$'],
      },
    },
    only('src/accounts/postgresql', [area('src/accounts'), '^src/(policy|shared-marks)/index\\.ts$']),
    {
      name: 'accounts-postgresql-by-itself',
      severity: 'error',
      comment: 'it brings the shared marks along: only who has both configured loads it',
      from: { path: area('src/accounts'), pathNot: area('src/accounts/postgresql') },
      to: { path: area('src/accounts/postgresql') },
    },
    only('src/hook', [area('src/tezos'), '^src/octez/index\\.ts$']),
    only('src/telemetry', [area('src/tezos'), '^src/(device|policy|server|shared-marks)/index\\.ts$']),
    only('src/server', [area('src/tezos'), '^src/(accounts|eth-signer|ethereum|policy)/index\\.ts$']),
    {
      name: 'hw-sim-imports',
      severity: 'error',
      from: { path: area('hw-sim') },
      to: { path: '^(src|test|scripts)/', pathNot: [area('src/tezos'), area('src/device/tezio')] },
    },
    {
      name: 'hw-sim-is-for-demo-and-conformance-only',
      severity: 'error',
      from: { path: area('src'), pathNot: '^src/cli/(demo|conformance)\\.ts$' },
      to: { path: area('hw-sim') },
    },
    {
      name: 'serialport-in-two-files',
      severity: 'error',
      from: { path: area('src'), pathNot: '^src/device/(serial-link|line-console)\\.ts$' },
      to: { path: 'node_modules/(serialport|@serialport)/' },
    },
    {
      name: 'pkcs11js-in-one-file',
      severity: 'error',
      comment: 'a PKCS#11 module is loaded in a process of its own, and never in the daemon',
      from: { path: area('src'), pathNot: '^src/device/pkcs11/module\\.ts$' },
      to: { path: 'node_modules/pkcs11js/' },
    },
    {
      name: 'hono-in-server-only',
      severity: 'error',
      from: { path: area('src'), pathNot: [area('src/server')] },
      to: { path: 'node_modules/(hono|@hono)/' },
    },
    {
      name: 'browser-script-alone',
      severity: 'error',
      comment: 'it runs in the browser: of this program it has nothing but its own files',
      from: { path: area('src/server/page/browser') },
      to: { path: '^(src|hw-sim)/', pathNot: [area('src/server/page/browser')] },
    },
    {
      name: 'no-orphans',
      severity: 'error',
      from: { orphan: true, path: '^(src|hw-sim)/', pathNot: '\\.d\\.ts$' },
      to: {},
    },
    {
      name: 'no-dev-dependencies',
      severity: 'error',
      from: { path: '^(src|hw-sim)/' },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
    },
  },
}
