import { stringify } from 'yaml'
import { encodeAuthenticationKey, encodePublicKey, hexByte, MARK_BYTES } from '../tezos/index.js'
import { listenText } from './addresses.js'
import type { AddressRange, ClientConfig, Config, HookConfig, KeyConfig, UnixSocketConfig } from './config.js'
import { accountsSettings, ethereumSettings } from './show-ethereum.js'
import { deviceSettings, hasOnlyDevice, marksSettings } from './show-devices.js'
import { limitSettings } from './show-limits.js'

/** What stands in the place of a part that may be secret. */
const REDACTED = '***'

/**
 * Everything that is in force, defaults included, with the names of the file and nothing secret: the path of a node's
 * URL is hidden, for some providers put a token there. Read as a file in the same folder it means the same otherwise.
 */
export function effectiveSettings(config: Config) {
  const { server, headCheck, keys, seeds } = config
  const isPolicyOff = keys.some(({ allowedMagicBytes }) => allowedMagicBytes === 'any')
  return {
    security: {
      remote_ip_check: config.allowedPeers !== 'any',
      signing_policy_check: !isPolicyOff,
    },
    ...(config.allowedPeers === 'any' ? {} : { allowed_ips: config.allowedPeers.map(rangeText) }),
    chains: config.chains,
    policy: {
      signing_keys: Object.fromEntries(keys.map((key) => [key.publicKeyHash, keySettings(key, config)])),
      ...authenticationSettings(config),
    },
    marks: marksSettings(config.marks),
    ...(headCheck === undefined
      ? {}
      : {
          head_check: {
            rpc: redactedUrl(headCheck.rpc),
            max_ahead: headCheck.maxAhead,
            max_behind: headCheck.maxBehind,
            on_error: headCheck.onError,
          },
        }),
    ...(seeds === undefined ? {} : { high_water_marks: seedSettings(seeds) }),
    state_dir: config.stateDir,
    ...(config.ethereum === undefined ? {} : { ethereum: ethereumSettings(config.ethereum) }),
    ...(config.accounts === undefined ? {} : { accounts: accountsSettings(config.accounts) }),
    ...deviceSettings(config),
    server: {
      listen: listenText(server.listen),
      ...socketSettings(server),
      allowed_hosts: server.allowedHosts,
      known_keys: server.knownKeys,
      queue_timeout_ms: server.queueTimeoutMs,
      trusted_proxies: server.trustedProxies.map(rangeText),
      ...tlsSettings(server),
    },
    admin: { listen: listenText(config.admin.listen) },
    verbose: config.logLevel === 'debug',
  }
}

function socketSettings({ unix, tcp, pathPrefix }: Config['server']) {
  return {
    ...(unix === undefined ? {} : { unix: unixSettings(unix) }),
    ...(tcp === undefined ? {} : { tcp: listenText(tcp) }),
    path_prefix: pathPrefix,
  }
}

function unixSettings({ path, mode, group }: UnixSocketConfig) {
  return { path, mode: modeText(mode), ...(group === undefined ? {} : { group }) }
}

function modeText(mode: number): string {
  return `0${mode.toString(8).padStart(3, '0')}`
}

/** The same as YAML. */
export function showConfig(config: Config): string {
  return stringify(effectiveSettings(config), { lineWidth: 100 })
}

function keySettings(key: KeyConfig, config: Config) {
  const { curveAlias, allowedMagicBytes, allow, chains, hook, publicKey, requiresAuthentication, clients } =
    key
  return {
    ...(hasOnlyDevice(config) ? {} : { devices: key.devices }),
    curve_alias: curveAlias,
    ...(allowedMagicBytes === 'any' ? {} : { allowed_ops: allowedMagicBytes.map(hexByte) }),
    ...(allow === undefined ? {} : { allow }),
    chains,
    auth_req: requiresAuthentication,
    ...(clients === undefined ? {} : { clients }),
    ...(hook === undefined ? {} : { hook: hookSettings(hook) }),
    ...(publicKey === undefined ? {} : { public_key: encodePublicKey(publicKey) }),
    ...limitSettings(key),
  }
}

function hookSettings({ url, timeoutMs, onError, publicKey, kinds }: HookConfig) {
  return {
    url: redactedUrl(url),
    timeout_ms: timeoutMs,
    on_error: onError,
    ...(publicKey === undefined ? {} : { public_key: encodePublicKey(publicKey) }),
    kinds,
  }
}

function authenticationSettings(config: Config) {
  const { authenticationKey: key, authorizedKeys, clients } = config
  return {
    ...(key === undefined ? {} : { auth_key: authenticationKeySettings(key, config) }),
    ...(authorizedKeys.length === 0 ? {} : { authorized_keys: authorizedKeys.map(encodeAuthenticationKey) }),
    ...(clients.length === 0
      ? {}
      : { clients: Object.fromEntries(clients.map((client) => [client.name, clientSettings(client)])) }),
  }
}

function authenticationKeySettings(key: NonNullable<Config['authenticationKey']>, config: Config) {
  const { publicKeyHash: pkh, publicKey, verify } = key
  return {
    pkh,
    ...(publicKey === undefined ? {} : { public_key: encodePublicKey(publicKey) }),
    ...(verify === 'host' ? {} : { verify }),
    ...(hasOnlyDevice(config) || key.devices.length === 0 ? {} : { devices: key.devices }),
  }
}

/** A token is not read for this: only its file is named. */
function clientSettings({ publicKey, certificate, tokenFile }: ClientConfig) {
  return {
    ...(publicKey === undefined ? {} : { public_key: encodeAuthenticationKey(publicKey) }),
    ...(certificate === undefined ? {} : { certificate: certificate.value }),
    ...(tokenFile === undefined ? {} : { token_file: tokenFile }),
  }
}

function tlsSettings({ tls, tokenHeader: token_header }: Config['server']) {
  if (tls === undefined) return { token_header }
  const { certFile: cert, keyFile: key, clientCaFile } = tls
  return {
    tls: { cert, key, ...(clientCaFile === undefined ? {} : { client_ca: clientCaFile }) },
    token_header,
  }
}

function seedSettings(seeds: NonNullable<Config['seeds']>) {
  const places = Object.entries(MARK_BYTES) as [keyof typeof MARK_BYTES, number][]
  const table = (place: 'level' | 'round') =>
    Object.fromEntries(places.map(([kind, byte]) => [hexByte(byte), seeds[kind][place]]))
  return { level: table('level'), round: table('round') }
}

function rangeText({ family, address, prefixLength }: AddressRange): string {
  return prefixLength === (family === 'ipv4' ? 32 : 128) ? address : `${address}/${prefixLength}`
}

function redactedUrl(text: string): string {
  const { origin, pathname } = new URL(text)
  return pathname === '/' ? origin : `${origin}/${REDACTED}`
}
