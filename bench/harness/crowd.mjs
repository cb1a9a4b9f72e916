/**
 * Clients side by side, each of whom asks again as soon as it has its answer, until `count` answers came.
 * `run(index)` is one question. Resolves with when each was asked and answered (`startedAt`, `endedAt`, in ms), in the
 * order of the answers. Rejects with the first error.
 */
export async function crowd({ clients, count, run }) {
  const answers = []
  let asked = 0
  const client = async () => {
    while (asked < count) answers.push(await timed(run, asked++))
  }
  await Promise.all(Array.from({ length: clients }, client))
  return answers
}

/**
 * The same without an end: `answers` grows, `failed` rejects with the first error, and after `end` nothing counts any
 * more, whatever becomes of the questions that are still open.
 */
export function endlessCrowd({ clients, run }) {
  const answers = []
  let isOver = false
  const client = async (index) => {
    while (!isOver) {
      const answer = await timed(run, index)
      if (!isOver) answers.push(answer)
    }
  }
  const failed = new Promise((_, reject) => {
    for (let index = 0; index < clients; index += 1) {
      client(index).catch((error) => {
        if (!isOver) reject(error)
      })
    }
  })
  failed.catch(() => undefined) // whoever awaits it hears of it
  const end = () => {
    isOver = true
  }
  return { answers, failed, end }
}

async function timed(run, index) {
  const startedAt = performance.now()
  await run(index)
  return { startedAt, endedAt: performance.now() }
}

/** How long each took, in ms. */
export function times(answers) {
  return answers.map(({ startedAt, endedAt }) => endedAt - startedAt)
}

/** Answers, and the ms in which they came: from the first to the last, when all clients were at it. */
export function pace(answers) {
  return { count: answers.length - 1, ms: answers.at(-1).endedAt - answers[0].endedAt }
}

/** Answers per second over some paces. */
export function perSecond(paces) {
  const sum = (what) => paces.reduce((total, part) => total + part[what], 0)
  return (1000 * sum('count')) / sum('ms')
}
