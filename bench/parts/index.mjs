import { link } from './link.mjs'
import { load } from './load.mjs'
import { noise } from './noise.mjs'
import { soak } from './soak.mjs'

/** What can be measured, in the order in which it is. */
export const PARTS = { link, load, noise, soak }
