/** A share of the numbers: 0.5 gives the median. */
export function at(share, numbers) {
  const sorted = [...numbers].sort((left, right) => left - right)
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? NaN
}

/** Prints a figure against its limit; tells whether it holds. */
export function judge(name, figure, limit, unit, detail) {
  const holds = figure < limit
  const verdict = holds ? 'PASS' : 'FAIL'
  console.log(`${verdict}  ${name}: ${figure.toFixed(2)} ${unit}, limit ${limit} ${unit} (${detail})`)
  return holds
}

/** Prints a figure that has no limit. */
export function tell(name, text) {
  console.log(`      ${name}: ${text}`)
}

/** The results of an action, done so many times, one after another. */
export async function repeat(count, action) {
  const results = []
  for (let index = 0; index < count; index += 1) results.push(await action(index))
  return results
}

/**
 * Times an action without and with `load`, in turns, so that what drifts with the machine falls on both alike.
 * `load` resolves with what ends it.
 */
export async function compare(action, { rounds, samples, load }) {
  const without = []
  const loaded = []
  await repeat(2 * samples, action) // warm up
  await repeat(rounds, async () => {
    without.push(...(await repeat(samples, action)))
    const end = await load()
    loaded.push(...(await repeat(samples, action)))
    await end()
  })
  return { without, loaded }
}

/** How many times as long it takes under load, at a share of the samples; and the words for it. */
export function growth(share, { without, loaded }) {
  const [before, under] = [at(share, without), at(share, loaded)]
  const words = `${before.toFixed(2)} ms without, ${under.toFixed(2)} ms with, ${without.length} samples each`
  return [under / before, words]
}
