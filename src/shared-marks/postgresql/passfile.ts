import { readFileSync, statSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import type { Place } from './place.js'

/** Where the password file is: the one that is named, or else where libpq looks for it. */
export function passfilePath(named: string | undefined): string {
  return named ?? process.env['PGPASSFILE'] ?? join(homedir(), '.pgpass')
}

/**
 * The password for a place out of a file in libpq's format; the first line that fits counts. Throws an error that says
 * what is wrong with the file and never what is in it.
 */
export function passwordFrom(path: string, place: Place): string {
  const text = readPrivate(path)
  const wanted = [
    place.host.startsWith('/') ? [place.host, 'localhost'] : [place.host],
    [String(place.port)],
    [place.database],
    [place.user],
  ]
  for (const line of text.split(/\r?\n/)) {
    if (line.startsWith('#')) continue
    const fields = fieldsOf(line)
    const [password] = fields.slice(4)
    const fits = wanted.every(
      (names, index) => fields[index] === '*' || names.includes(unescaped(fields[index])),
    )
    if (fits && password !== undefined && password !== '') return unescaped(password)
  }
  const line = `${place.host}:${place.port}:${place.database}:${place.user}:PASSWORD`
  throw new Error(`the server asks for a password, and ${path} has no line for it; add ${line}`)
}

function readPrivate(path: string): string {
  const found = statSync(path, { throwIfNoEntry: false })
  if (found === undefined) throw new Error(`the server asks for a password, and ${path} does not exist`)
  if (!found.isFile()) throw new Error(`${path} is not a file`)
  const mode = found.mode & 0o777
  if ((mode & 0o077) !== 0) {
    throw new Error(`${path} has mode 0${mode.toString(8)}: others may read it; chmod 0600 ${path}`)
  }
  return readFileSync(path, 'utf8')
}

/** Five fields between colons; a backslash takes its meaning from what follows it. */
function fieldsOf(line: string): readonly string[] {
  return line.match(/(?:\\.|[^:\\])*(?::|$)/g)?.map((field) => field.replace(/:$/, '')) ?? []
}

function unescaped(field = ''): string {
  return field.replace(/\\(.)/g, '$1')
}
