import { fileURLToPath } from 'node:url'

/** Memory and descriptors of a process at one moment. */
export type Sample = { readonly rssKiB: number; readonly descriptors: number; readonly sockets: number }

/** Whether a process kept still. */
export type Stillness = {
  readonly isFlat: boolean
  readonly growthKiB: number
  readonly fewest: number
  readonly most: number
}

type SoakJudge = {
  readonly judge: (samples: readonly Pick<Sample, 'rssKiB' | 'descriptors'>[]) => Stillness
  readonly look: (pid: number) => Sample
}

const path = fileURLToPath(new URL('../../scripts/soak-judge.mjs', import.meta.url))

/** The judge of the soaks, which are plain scripts. */
export const { judge, look } = (await import(path)) as SoakJudge
