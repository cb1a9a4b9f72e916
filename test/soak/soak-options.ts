/** What scripts/soak-parts.mjs asks a part for. */
export const SOAK = {
  minutes: Number(process.env['SOAK_MINUTES'] ?? 1),
  levels: Number(process.env['SOAK_LEVELS'] ?? 1000),
  /** A given seed, to repeat a run; fresh ones otherwise. */
  seed: process.env['SOAK_SEED'] === undefined ? undefined : Number(process.env['SOAK_SEED']),
}

export function freshSeed(): number {
  return Math.floor(Math.random() * 2 ** 32)
}
