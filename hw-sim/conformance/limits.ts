/** The bounds of the numbers in JudgeOptions. */
export const LIMITS = { fromLevel: 2_147_483_640, samples: 1000 } as const
