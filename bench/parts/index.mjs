import { durability } from './durability.mjs'
import { link } from './link.mjs'
import { relay } from './relay.mjs'
import { scale } from './scale.mjs'

/** What can be measured, in the order in which it is. */
export const PARTS = { link, relay, durability, scale }
