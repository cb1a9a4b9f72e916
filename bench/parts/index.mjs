import { link } from './link.mjs'
import { load } from './load.mjs'

/** What can be measured, in the order in which it is. */
export const PARTS = { link, load }
