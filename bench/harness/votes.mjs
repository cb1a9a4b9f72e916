import { ask, octezSign } from './clients.mjs'
import { attestation } from './payload.mjs'

/**
 * Octez sequences for a daemon's first key that may run side by side, each for the next level. Levels must reach the
 * bridge in their order, or it refuses them, as it should: a level is given out as the request's connection is opened;
 * one process opens its connections one after another, and the bridge takes them in that order. Should two ever change
 * places, the later one rejects.
 */
export function votesInOrder(daemon) {
  let level = 0
  return async () => {
    await ask(daemon.port, 'GET', '/authorized_keys')
    level += 1
    await octezSign(daemon, daemon.key, attestation(level))
  }
}
