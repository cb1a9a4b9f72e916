// node onlookers.mjs viewers COUNT ADMIN-URL: opens so many operator's pages and reads whatever comes.
// node onlookers.mjs scrapes EVERY-MS ADMIN-URL: reads /metrics as often.
// A program of its own, so that reading costs the one who measures nothing. Says `at work`, and ends when it is killed;
// it ends with an error when a page ends, or does not come.
import { Agent, get } from 'node:http'

/** Resolves with an answer whose head came; everything that goes wrong with it ends the program. */
function open(url, agent) {
  return new Promise((resolve) => {
    const asked = get(url, { agent }, (response) => {
      if (response.statusCode !== 200) throw new Error(`${url}: ${response.statusCode}`)
      response.on('error', fail)
      resolve(response)
    })
    asked.on('error', fail)
  })
}

function fail(error) {
  throw error
}

/** Resolves when the page's first event came. */
async function view(url) {
  const response = await open(`${url}/api/events`, false)
  response.on('end', () => fail(new Error('a page ended')))
  await new Promise((resolve) => response.once('data', resolve))
  response.resume()
}

const agent = new Agent({ keepAlive: true })

/** Resolves when it was read. */
async function scrape(url) {
  const response = await open(`${url}/metrics`, agent)
  response.resume()
  await new Promise((resolve) => response.once('end', resolve))
}

const [what, number, url] = process.argv.slice(2)
if (what === 'viewers') await Promise.all(Array.from({ length: Number(number) }, () => view(url)))
else if (what === 'scrapes') {
  await scrape(url)
  setInterval(() => void scrape(url), Number(number))
} else throw new Error(`nobody looks on at ${what}`)
console.log('at work')
