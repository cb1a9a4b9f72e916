import { chainName, type ChainId, type PublicKeyHash } from '../../tezos/index.js'

/** What the operator chose, as far as the configuration says it. */
export type Choices = {
  readonly device: { readonly port: string; readonly serialNumber: string | undefined }
  readonly key: PublicKeyHash
  readonly chain: ChainId
  /** Operations the key may sign beside blocks and votes, by name; none: it may not sign 0x03 at all. */
  readonly operations: readonly string[]
  /** The key that must authenticate every request; `undefined`: requests are not authenticated. */
  readonly authenticationKey: PublicKeyHash | undefined
  /** The node whose head blocks and votes are compared with. */
  readonly headCheck: string | undefined
  /** As it stands in the file: absolute, or relative to the file's folder. */
  readonly stateDir: string
}

/** Kinds that a baking key signs anyway; with `allow` they have to be named too. */
const BAKING = ['block', 'preattestation', 'attestation'] as const

/** The configuration that says what was chosen. The same choices give the same bytes: no date, no level is in it. */
export function configText(choices: Choices): string {
  const parts = [head(), device(choices), policy(choices), chain(choices), state(choices), network(choices)]
  return `${[...parts, ...headCheck(choices)].map((lines) => lines.join('\n')).join('\n\n')}\n`
}

function head(): readonly string[] {
  return [
    '# tezio-bridge, made by "tezio-bridge setup". docs/config.md of the package shows every key with its default.',
    '# "serve" reads this file at its start and again on SIGHUP; a misspelt key stops the start.',
  ]
}

function device({ device: { port, serialNumber } }: Choices): readonly string[] {
  const lines = ['device:']
  if (port === 'auto')
    lines.push('  # the board is found by its USB ids, whatever name the system gives the port')
  lines.push(`  port: ${quoted(port)}`)
  if (serialNumber !== undefined) {
    lines.push('  # of several boards only this one is opened', `  serial_number: ${quoted(serialNumber)}`)
  }
  return lines
}

function policy({ key, operations, authenticationKey }: Choices): readonly string[] {
  const lines = ['policy:', '  signing_keys:', `    ${quoted(key)}:`]
  if (operations.length === 0) {
    lines.push(
      '      # 0x11 blocks, 0x12 preattestations, 0x13 attestations; nothing else is signed',
      '      allowed_ops: [0x11, 0x12, 0x13]',
    )
  } else {
    lines.push(
      '      # 0x03 operations, 0x11 blocks, 0x12 preattestations, 0x13 attestations',
      '      allowed_ops: [0x03, 0x11, 0x12, 0x13]',
      '      # of operations only these; without this list 0x03 means any operation, transfers included',
      `      allow: [${[...BAKING, ...operations].join(', ')}]`,
    )
  }
  if (authenticationKey === undefined) return lines
  return [
    ...lines,
    '  # every request must be signed by this key (the board holds it at place 0)',
    '  auth_key:',
    `    pkh: ${quoted(authenticationKey)}`,
  ]
}

function chain({ chain: id }: Choices): readonly string[] {
  return [
    '# blocks and votes of other chains are refused; another one also needs: tezio-bridge marks seed',
    `chains: [${chainName(id)}]`,
  ]
}

function state({ stateDir }: Choices): readonly string[] {
  return [
    '# the high-water marks: never delete it, never restore it from a backup, never share it between hosts',
    `state_dir: ${quoted(stateDir)}`,
  ]
}

function network({ authenticationKey }: Choices): readonly string[] {
  const lines = [
    '# there is no TLS, and the defaults serve this machine alone; for a baker on another host also',
  ]
  lines.push('# change server.listen and add its address to allowed_ips')
  if (authenticationKey === undefined) {
    lines.push('# (and have requests authenticated: policy.auth_key)')
  }
  return [
    ...lines,
    'server:',
    "  listen: '127.0.0.1:6732'",
    'admin:',
    "  listen: '127.0.0.1:6733'",
    "allowed_ips: ['127.0.0.0/8', '::1']",
  ]
}

function headCheck({ headCheck: rpc }: Choices): readonly (readonly string[])[] {
  if (rpc === undefined) return []
  return [
    [
      "# blocks and votes too far from this node's head are refused",
      'head_check:',
      `  rpc: ${quoted(rpc)}`,
      '  # while the node does not answer: allow signs as if there were no check, refuse signs nothing',
      '  on_error: allow',
    ],
  ]
}

/** JSON's text is YAML's double-quoted text; what YAML does not let stand there is written as JSON escapes it. */
function quoted(text: string): string {
  const escaped = JSON.stringify(text).replace(
    /[^\x20-\x7e]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
  return /^"[^'\\]*"$/.test(escaped) ? `'${escaped.slice(1, -1)}'` : escaped
}
