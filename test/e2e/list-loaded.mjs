import { appendFileSync } from 'node:fs'
import { Session } from 'node:inspector'
import process from 'node:process'

// Loaded into the daemon by `node --import`: adds a line to the file LOADED for every file of JavaScript that is compiled
// from then on, however it is loaded.
const session = new Session()
session.connect()
session.on('Debugger.scriptParsed', ({ params: { url } }) => {
  const path = url.startsWith('file://') ? new URL(url).pathname : url
  if (path.startsWith('/')) appendFileSync(process.env.LOADED, `${path}\n`)
})
session.post('Debugger.enable')
