import { ConfigError, readCredentials, type Config, type Credentials } from '../../../config/index.js'
import { expiryText } from '../../certificate-watch.js'
import { NO_CONFIG, fail, pass, skip, warn, type Check, type Finding } from '../check.js'

/** The files as `serve` would read them, or what it would refuse in those of `section`. */
function filesOf(config: Config, section: string, now: Date): Credentials | readonly string[] {
  try {
    return readCredentials(config, now)
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    const own = error.problems.filter(({ path }) => path.startsWith(section))
    return own.map(({ path, message }) => `${path}: ${message}`)
  }
}

/** Whether clients will take the listener's certificate, and for how long. */
export function judgeCertificate(config: Config, now: Date): Finding {
  if (config.server.tls === undefined) return pass('server.tls is not set: the signer speaks plain HTTP')
  const files = filesOf(config, 'server.tls', now)
  if (!('tls' in files)) {
    return files.length === 0
      ? pass('the files of server.tls are right')
      : fail(files.join('; '), 'mend the file as it says; serve and a reload refuse it')
  }
  if (files.tls === undefined) return pass('server.tls is not set: the signer speaks plain HTTP')
  const text = expiryText(files.tls.expiresAt, now)
  if (text !== undefined) return warn(text, 'renew it, then kill -HUP the daemon: it reads the files again')
  const mutual = config.server.transport === 'mutual-tls' ? ', and clients need one of client_ca' : ''
  return pass(`valid until ${files.tls.expiresAt.toISOString()}${mutual}`)
}

/** Whether the secrets of clients can be read, and by nobody who should not. */
export function judgeTokens(config: Config, now: Date): Finding {
  const owners = config.clients.filter(({ tokenFile }) => tokenFile !== undefined)
  if (owners.length === 0) return pass('no client has a token')
  const files = filesOf(config, 'policy.clients', now)
  return 'tokens' in files || files.length === 0
    ? pass(owners.map(({ name }) => name).join(', '))
    : fail(files.join('; '), 'mend the file as it says; serve and a reload refuse it')
}

const check = (id: string, title: string, judge: typeof judgeTokens): Check => ({
  id,
  title,
  run: ({ config }) => {
    const facts = config()
    return facts.outcome === 'loaded' ? judge(facts.config, new Date()) : skip(NO_CONFIG)
  },
})

/** What connections are protected and clients known by. */
export const credentialChecks: readonly Check[] = [
  check('tls-certificate', 'Certificate of the signer', judgeCertificate),
  check('client-tokens', 'Tokens of clients', judgeTokens),
]
