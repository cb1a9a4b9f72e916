import { describe, expect, test } from 'vitest'
import type { Credentials } from '../../src/config/index.js'
import { compareConfigs, Reloads } from '../../src/cli/reload.js'
import { eventSink } from '../../src/cli/event-sink.js'
import type { LogEvent, LogLevel } from '../../src/cli/log.js'
import type { ServedConfig } from '../../src/cli/served-config.js'
import { AUTH, OTHER_TZ1, parse, PUBLIC_KEY, TZ1, TZ3 } from '../config/fixture.js'

const UNHEARD = { observe: () => undefined }

/** A whole configuration; each test exchanges some of its text. */
const TEXT = `allowed_ips: [127.0.0.1]
chains: [mainnet]
policy:
  signing_keys:
    ${TZ1}: { allowed_ops: [0x03], auth_req: false }
    ${TZ3}: { allowed_ops: [0x11, 0x12, 0x13], allow: [block, attestation], auth_req: false }
  auth_key: { pkh: ${AUTH} }
marks: { max_level_gap: 100 }
head_check: { rpc: "http://127.0.0.1:8732" }
state_dir: state
device: { port: /dev/ttyACM0, serial_number: A, timeout_ms: 1000 }
server: { listen: "127.0.0.1:1", unix: sock, tcp: "127.0.0.1:3", path_prefix: /p, allowed_hosts: [], known_keys: false, queue_timeout_ms: 500, trusted_proxies: [] }
admin: { listen: "127.0.0.1:2" }
verbose: false
high_water_marks: { level: { 0x11: 1, 0x12: 1, 0x13: 1 } }
`

const NO_CREDENTIALS: Credentials = {
  tls: undefined,
  tokens: [],
  pins: new Map(),
  accountsPin: undefined,
  claimsKey: undefined,
}

/** The configuration of a text, with what its files are said to hold. */
function served(text: string, credentials = NO_CREDENTIALS): ServedConfig {
  return { ...parse(text), credentials }
}

/** What is different when `was` is exchanged for `is` in the file. */
function changeOf(was: string, is: string) {
  expect(TEXT).toContain(was)
  return compareConfigs(served(TEXT), served(TEXT.replace(was, is)))
}

const key = (address: string, name: string) => `policy.signing_keys.${address}.${name}`

describe('a changed configuration', () => {
  test('that says the same changes nothing', () => {
    const same = TEXT.replace('[127.0.0.1]', '["127.0.0.1/32"]').replace('verbose: false\n', '')
    expect(compareConfigs(served(TEXT), served(same))).toEqual({ changed: [], needsRestart: [] })
  })

  test.each([
    ['allowed_ips: [127.0.0.1]', 'allowed_ips: [10.0.0.0/8]', 'allowed_ips'],
    ['allowed_ips: [127.0.0.1]', 'security: { remote_ip_check: false }', 'allowed_ips'],
    ['allowed_ops: [0x03]', 'allowed_ops: [0x03, 0x05]', key(TZ1, 'allowed_ops')],
    ['allow: [block, attestation]', 'allow: [block]', key(TZ3, 'allow')],
    ['0x03], auth_req: false', '0x03], auth_req: true', key(TZ1, 'auth_req')],
    ['0x03], auth_req: false', '0x03], auth_req: false, chains: [ghostnet]', key(TZ1, 'chains')],
    ['max_level_gap: 100', 'max_level_gap: off', 'marks.max_level_gap'],
    ['head_check: { rpc: "http://127.0.0.1:8732" }', '', 'head_check'],
    ['8732"', '8732", max_ahead: 3', 'head_check'],
    ['allowed_hosts: []', 'allowed_hosts: [a.example]', 'server.allowed_hosts'],
    ['known_keys: false', 'known_keys: true', 'server.known_keys'],
    ['queue_timeout_ms: 500', 'queue_timeout_ms: 600', 'server.queue_timeout_ms'],
    ['trusted_proxies: []', 'trusted_proxies: [127.0.0.2]', 'server.trusted_proxies'],
    ['path_prefix: /p,', '', 'server.path_prefix'],
    ['verbose: false', 'verbose: true', 'verbose'],
  ])('from %s to %s counts for the next request', (was, is, name) => {
    expect(changeOf(was, is)).toEqual({ changed: [name], needsRestart: [] })
  })

  test('names every key whose chains follow the default', () => {
    expect(changeOf('chains: [mainnet]', 'chains: [mainnet, ghostnet]')).toEqual({
      changed: [key(TZ1, 'chains'), key(TZ3, 'chains')],
      needsRestart: [],
    })
  })

  test.each([
    ['127.0.0.1:1"', '127.0.0.1:9"', 'server.listen'],
    ['127.0.0.1:2"', '127.0.0.1:9"', 'admin.listen'],
    ['127.0.0.1:3"', '127.0.0.1:9"', 'server.tcp'],
    ['unix: sock,', '', 'server.unix'],
    ['unix: sock', 'unix: { path: sock, mode: "0660" }', 'server.unix'],
    ['state_dir: state', 'state_dir: other', 'state_dir'],
    ['/dev/ttyACM0', 'auto', 'device.port'],
    ['serial_number: A', 'serial_number: B', 'device.serial_number'],
    ['timeout_ms: 1000', 'timeout_ms: 2000', 'device.timeout_ms'],
    [`${TZ1}:`, `${OTHER_TZ1}:`, 'policy.signing_keys'],
    [`    ${TZ1}: { allowed_ops: [0x03], auth_req: false }\n`, '', 'policy.signing_keys'],
    ['[0x03],', `[0x03], public_key: ${PUBLIC_KEY[TZ1]},`, key(TZ1, 'public_key')],
    [`  auth_key: { pkh: ${AUTH} }\n`, '', 'policy.auth_key'],
    [`pkh: ${AUTH}`, `pkh: ${AUTH}, public_key: ${PUBLIC_KEY[AUTH]}`, 'policy.auth_key'],
  ])('from %s to %s needs a restart', (was, is, name) => {
    expect(changeOf(was, is)).toEqual({ changed: [], needsRestart: [name] })
  })

  test('is of no concern to a running daemon where only init reads it', () => {
    expect(changeOf('0x13: 1 }', '0x13: 7 }')).toEqual({ changed: [], needsRestart: [] })
  })

  test('tells no value', () => {
    const change = changeOf('127.0.0.1:8732"', '127.0.0.1:8732/secret"')
    expect(JSON.stringify(change)).not.toContain('secret')
  })
})

/** Reloads of a file whose text a test exchanges. */
function setUp() {
  const file = { text: TEXT, credentials: NO_CREDENTIALS }
  const lines: (LogEvent & { readonly level: LogLevel })[] = []
  const applied: ServedConfig[] = []
  const load = () => served(file.text, file.credentials)
  const log = { write: (level: LogLevel, event: LogEvent) => void lines.push({ level, ...event }) }
  const reloads = new Reloads(load(), load, log, eventSink(log, UNHEARD))
  const bridge = { apply: (next: ServedConfig) => void applied.push(next) }
  return { file, lines, applied, reloads, bridge, events: () => lines.map(({ event }) => event) }
}

describe('a reload', () => {
  test('F44 of a broken file changes nothing and says why, with file and line, as the start does', () => {
    const { file, lines, applied, reloads, bridge } = setUp()
    reloads.begin(bridge)
    file.text = TEXT.replace('known_keys: false', 'known_key: false')
    reloads.request()
    expect(applied).toEqual([])
    expect(lines).toEqual([
      {
        ...{ level: 'error', event: 'config.reload-refused' },
        reason: expect.stringMatching(
          /^\/etc\/tezio\/config\.yaml:12: server\.known_key: is not a known key/,
        ) as string,
      },
    ])
  })

  test('F44 of a file that cannot be read for whatever reason does not end the daemon', () => {
    const { lines, reloads, bridge, applied } = setUp()
    const broken = new Reloads(
      served(TEXT),
      () => {
        throw new TypeError('broken')
      },
      { write: () => undefined },
      eventSink({ write: (level, event) => void lines.push({ level, ...event }) }, UNHEARD),
    )
    broken.begin(bridge)
    broken.request()
    expect(lines).toMatchObject([{ event: 'config.reload-refused', reason: 'broken' }])
    expect(applied).toEqual([])
    reloads.end()
  })

  test('that needs a restart is refused as a whole, naming what', () => {
    const { file, lines, applied, reloads, bridge } = setUp()
    reloads.begin(bridge)
    file.text = TEXT.replace('/dev/ttyACM0', 'auto').replace('127.0.0.1:1"', '127.0.0.1:9"')
    file.text = file.text.replace('known_keys: false', 'known_keys: true')
    reloads.request()
    expect(applied).toEqual([])
    const needsRestart = ['device.port', 'server.listen']
    expect(lines).toEqual([
      {
        ...{ level: 'error', event: 'config.reload-refused', needsRestart },
        reason: 'device.port, server.listen: needs a restart; nothing was changed',
      },
    ])
    // What is in force is still what was: the same change alone is a change.
    file.text = TEXT.replace('known_keys: false', 'known_keys: true')
    reloads.request()
    expect(lines.at(-1)).toMatchObject({ event: 'config.reloaded', changed: ['server.known_keys'] })
  })

  test('puts the new file in force, names what changed, and warns as the start does', () => {
    const { file, lines, applied, reloads, bridge } = setUp()
    reloads.begin(bridge)
    file.text = TEXT.replace('allowed_ips: [127.0.0.1]', 'allowed_ips: []')
    reloads.request()
    expect(applied).toEqual([served(file.text)])
    expect(lines).toMatchObject([
      { level: 'info', event: 'config.reloaded', changed: ['allowed_ips'] },
      { level: 'warn', event: 'config.warned', code: 'allowed_ips is empty: every peer is refused.' },
    ])
    reloads.request()
    expect(lines[2]).toMatchObject({ event: 'config.reloaded', changed: [] })
  })

  test('that is asked for before the start is done is done after it, once', () => {
    const { file, applied, reloads, bridge, events } = setUp()
    file.text = TEXT.replace('known_keys: false', 'known_keys: true')
    reloads.request()
    reloads.request()
    expect(events()).toEqual([])
    reloads.begin(bridge)
    expect(events()).toEqual(['config.reloaded'])
    expect(applied).toHaveLength(1)
  })

  test('that is asked for while the daemon stops is not done', () => {
    const { reloads, bridge, events } = setUp()
    reloads.begin(bridge)
    reloads.end()
    reloads.request()
    expect(events()).toEqual([])
  })
})
