import { resolve } from 'node:path'
import type { Config, ListenAddress } from '../../config/index.js'
import type { PublicKeyHash } from '../../tezos/index.js'
import { shellWord } from './shell-word.js'

/** One thing to do after setup: why, and the line for a shell. */
export type NextStep = { readonly why: string; readonly command: string }

/** What to do next, in order. `given` is the configuration's path as the operator wrote it; a service is started by its manager. */
export function nextSteps(
  config: Config,
  key: PublicKeyHash,
  given: string,
  isInstalled: boolean,
): readonly NextStep[] {
  const bridge =
    given === 'config.yaml' ? 'tezio-bridge' : `tezio-bridge --config ${shellWord(resolve(given))}`
  const url = httpAddress(config.server.listen)
  const isAuthenticated = config.keys.some((one) => one.publicKeyHash === key && one.requiresAuthentication)
  return [
    { why: 'check the whole chain, from the port to the node', command: `${bridge} doctor` },
    // the installer tells how to start what it installed
    ...(isInstalled ? [] : [{ why: 'run it', command: `${bridge} serve` }]),
    { why: 'ready when this answers 200', command: `curl -s ${httpAddress(config.admin.listen)}/readyz` },
    ...(isAuthenticated ? [authenticationStep(config)] : []),
    {
      why: 'tell the client which key, and where',
      command: `octez-client import secret key baker ${url}/${key}`,
    },
    { why: 'look at it any time', command: `${bridge} status` },
  ]
}

/** Octez signs its requests with the secret key of an address that the bridge names, if its wallet has that key. */
function authenticationStep({ authenticationKey }: Config): NextStep {
  const address = authenticationKey?.publicKeyHash ?? ''
  return {
    why: `give the client the secret of the authentication key ${address}, which you wrote down when the board was provisioned (put a space before the line, so that the shell does not keep it)`,
    command: 'octez-client import secret key tezio-auth unencrypted:p2sk...',
  }
}

function httpAddress({ host, port }: ListenAddress): string {
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`
}

/** The steps for a person. */
export function stepsText(steps: readonly NextStep[]): string {
  return steps.map(({ why, command }) => `  # ${why}\n  ${command}`).join('\n')
}
