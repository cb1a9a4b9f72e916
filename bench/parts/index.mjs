import { durability } from './durability.mjs'
import { link } from './link.mjs'
import { scale } from './scale.mjs'

/** What can be measured, in the order in which it is. */
export const PARTS = { link, durability, scale }
