import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { EXIT } from '../../src/cli/exit-code.js'
import { runCli } from '../../src/cli/program.js'
import { folderWith, TZ3 } from '../migration/settings/fixture.js'

/** `tezio-bridge config import` in this process. */
async function run(...args: readonly string[]) {
  const told = { stdout: '', stderr: '' }
  const code = await runCli(['config', 'import', ...args], {
    out: (text) => void (told.stdout += text),
    err: (text) => void (told.stderr += text),
  })
  return { code, ...told }
}

const FILE = `server: { address: "127.0.0.1:6732", jwt: { users: { u: { password: hunter2 } } } }
tezos: { ${TZ3}: { log_payloads: true, allow: { block: } } }
`
const signatory = (text = FILE) => join(folderWith({ 's.yaml': text }), 's.yaml')

test('the configuration goes to standard output alone, and what is to be known of it to standard error', async () => {
  const { code, stdout, stderr } = await run('--from', 'signatory', signatory())
  expect(code).toBe(EXIT.ok)
  expect(stdout).toBe(
    `# tezio-bridge, translated from Signatory's configuration by "tezio-bridge config import". docs/config.md shows every key.

policy:
  signing_keys:
    ${TZ3}:
      allowed_ops: [0x11]
      allow: [block]
server:
  listen: '127.0.0.1:6732'
`,
  )
  expect(stderr).toContain(`Not carried over:\n  server.jwt: `)
  expect(stderr).toContain(`  tezos.${TZ3}.log_payloads: payloads are never logged here\n      the line `)
  expect(stderr).toContain('Assumed:\n  the other signer signs for any chain')
  expect(stderr).not.toContain('hunter2')
})

test('a whole configuration of Signatory passes our own parser', async () => {
  const sample = fileURLToPath(new URL('../vectors/migration/signatory.yaml', import.meta.url))
  const { code, stdout } = await run('--from', 'signatory', sample)
  expect(code).toBe(EXIT.ok)
  expect(stdout).toContain('authorized_keys: [')
  expect(stdout).toContain('clients: [')
})

test('with --json everything is one value, with the warnings of our own parser', async () => {
  const { code, stdout, stderr } = await run(
    ...['--from', 'signatory', '--json', signatory(`tezos: { ${TZ3}: { allow: {} } }`)],
  )
  expect({ code, stderr }).toEqual({ code: EXIT.ok, stderr: '' })
  expect(JSON.parse(stdout)).toEqual({
    config: expect.stringContaining('allowed_ops: []') as string,
    isComplete: true,
    notCarriedOver: [],
    assumptions: [
      expect.stringContaining('every interface') as string,
      expect.stringContaining('mainnet alone') as string,
    ],
    warnings: [
      `policy.signing_keys.${TZ3}: allowed_ops is empty: the key signs nothing.`,
      `policy.signing_keys.${TZ3}: allow is empty: the key signs nothing.`,
      expect.stringContaining('is reached from other machines') as string,
    ],
  })
})

test('what has to be added first is said, and the file is shown all the same', async () => {
  const { code, stdout, stderr } = await run(
    '--from',
    'octez',
    '--key',
    TZ3,
    '--',
    '-A',
    'launch',
    'http',
    'signer',
  )
  expect(code).toBe(EXIT.ok)
  expect(stdout).toContain('authorized_keys: [] # add the public keys of the clients')
  expect(stderr).toContain(
    'the configuration is not complete: serve refuses it until what is missing was added',
  )
})

test('--out makes a file for its owner alone, and replaces none without --force', async () => {
  const source = signatory()
  const out = join(folderWith({}), 'config.yaml')
  const write = (...more: readonly string[]) => run('--from', 'signatory', source, '--out', out, ...more)
  expect(await write()).toMatchObject({
    code: EXIT.ok,
    stdout: `${out} is written. Next: tezio-bridge config check --config ${out}\n`,
  })
  expect(statSync(out).mode & 0o777).toBe(0o600)
  const text = readFileSync(out, 'utf8')
  expect(text).toContain('allow: [block]')
  writeFileSync(out, 'mine')
  expect(await write()).toMatchObject({
    code: EXIT.refused,
    stderr: expect.stringContaining(`${out} exists; --force replaces it`) as string,
  })
  expect(readFileSync(out, 'utf8')).toBe('mine')
  expect((await write('--force')).code).toBe(EXIT.ok)
  expect(readFileSync(out, 'utf8')).toBe(text)
  expect(statSync(out).mode & 0o777).toBe(0o600)
})

test('what our own parser refuses is not shown and not written', async () => {
  const out = join(folderWith({}), 'config.yaml')
  // both listeners at one port
  const clash = `server: { address: "127.0.0.1:6733" }\ntezos: { ${TZ3}: }\n`
  const { code, stdout, stderr } = await run('--from', 'signatory', '--out', out, signatory(clash))
  expect({ code, stdout }).toEqual({ code: EXIT.refused, stdout: '' })
  expect(stderr).toContain('take the same port')
  expect(() => statSync(out)).toThrow(/ENOENT/)
})

test('the words behind -- are the command line of octez-signer, its options too', async () => {
  const { code, stdout, stderr } = await run(
    ...['--from', 'octez', '--key', TZ3, '--chain', 'ghostnet', '--'],
    ...['octez-signer', 'launch', 'http', 'signer', '-a', '127.0.0.1', '-M', '0x11'],
  )
  expect(code).toBe(EXIT.ok)
  expect(stderr).not.toContain('Not carried over')
  expect(stdout).toContain('chains: [ghostnet]')
  expect(stdout).toContain('allowed_ops: [0x11]')
  expect(stdout).toContain("listen: '127.0.0.1:6732'")
})

test.each([
  [['--from', 'signatory'], 'name a file'],
  [['--from', 'signatory', 'a', 'b'], 'reads one file'],
  [['--from', 'kms', 'a'], "'kms' is invalid"],
  [['a'], '--from'],
  [['--from', 'octez', '--chain', 'maynet', 'a'], 'did you mean "mainnet"?'],
])('%j is a wrong call', async (args, message) => {
  const { code, stderr } = await run(...args)
  expect(code).toBe(EXIT.usage)
  expect(stderr).toContain(message)
})

test('a file that is not there, and one that is no configuration, have their own exit codes', async () => {
  expect(await run('--from', 'signatory', '/nowhere/s.yaml')).toMatchObject({ code: EXIT.io })
  expect(await run('--from', 'signatory', signatory('a: [\u001b[2J'))).toMatchObject({
    code: EXIT.refused,
    stderr: expect.stringMatching(/s\.yaml: line 1: it is not valid YAML/) as string,
  })
})

test('a name in the other file cannot move the cursor of a terminal', async () => {
  const { stderr } = await run('--from', 'signatory', signatory(`${FILE}"x\\e[2J": 1\n`))
  expect(stderr).toContain('x\\u001b[2J: this import does not know it')
  expect(stderr).not.toContain('\u001b')
})
