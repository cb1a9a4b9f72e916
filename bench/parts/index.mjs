import { durability } from './durability.mjs'
import { failover } from './failover.mjs'
import { link } from './link.mjs'
import { load } from './load.mjs'
import { noise } from './noise.mjs'
import { relay } from './relay.mjs'
import { scale } from './scale.mjs'
import { soak } from './soak.mjs'

/** What can be measured, in the order in which it is. */
export const PARTS = { link, relay, durability, load, scale, noise, failover, soak }
