// npm run bench:check: whether something became much slower. Ratios only, of things measured in turns on this machine,
// with wide limits; what fails is measured again, because other work can only make it look slower than it is.
import { CHECKS } from './checks.mjs'
import { rounded } from './harness/distribution.mjs'
import { Stand } from './harness/stand.mjs'

const ATTEMPTS = 3

const rows = []
for (const [name, { what, limit, measure, isBest = 'lower' }] of Object.entries(CHECKS)) {
  const ratios = []
  const holds = (ratio) => (isBest === 'lower' ? ratio <= limit : ratio >= limit)
  while (ratios.length < ATTEMPTS && !ratios.some(holds)) ratios.push(await onStand(measure))
  const isHeld = ratios.some(holds)
  rows.push({ name, isHeld })
  const bound = `${isBest === 'lower' ? 'at most' : 'at least'} ${limit}`
  console.log(`${isHeld ? 'PASS' : 'FAIL'}  ${name}: ${ratios.map(rounded).join(', ')} (${bound}): ${what}`)
}
const failed = rows.filter(({ isHeld }) => !isHeld)
console.log(`bench: ${rows.length - failed.length} ratios hold, ${failed.length} do not`)
process.exitCode = failed.length === 0 ? 0 : 1

async function onStand(measure) {
  const stand = new Stand()
  try {
    return await measure(stand)
  } finally {
    await stand.close()
  }
}
