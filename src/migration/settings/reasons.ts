/** Why a setting that nobody here knows is not carried over. */
export const UNKNOWN = 'this import does not know it'
/** What to do about one. */
export const LOOK_IN_CONFIG = 'look in docs/config.md for a setting like it, and add it by hand'
/** Why tokens are not carried over. */
export const NO_TOKENS = 'its tokens are made by the other signer, and no secret is carried over'
