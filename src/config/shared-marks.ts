import { dirname, resolve } from 'node:path'
import type { SharedMarksConfig } from './config.js'
import type { Findings, Path } from './findings.js'
import type { FileContents } from './schema.js'

const MARKS: Path = ['marks']
const TIMEOUT_MS = 1500

/** Where marks are that several hosts share; `undefined` where they are this host's own. */
export function readSharedMarks(
  file: FileContents,
  configFile: string,
  findings: Findings,
): SharedMarksConfig | undefined {
  const { postgresql, dynamodb } = file.marks ?? {}
  if (postgresql !== undefined && dynamodb !== undefined) {
    findings.refuse(MARKS, 'has both postgresql and dynamodb, and marks are in one place; remove one of them')
  }
  if (postgresql !== undefined) {
    const { url: urls = [], passfile, timeout_ms } = postgresql
    if (urls.length === 0) findings.refuse([...MARKS, 'postgresql'], 'names no database; add url')
    const passFile = passfile === undefined ? undefined : resolve(dirname(configFile), passfile)
    return { kind: 'postgresql', urls, passFile, timeoutMs: timeout_ms ?? TIMEOUT_MS }
  }
  if (dynamodb === undefined) return undefined
  const { table, region, endpoint, timeout_ms } = dynamodb
  if (table === undefined) findings.refuse([...MARKS, 'dynamodb'], 'names no table; add table')
  if (region === undefined)
    findings.refuse([...MARKS, 'dynamodb'], 'names no region; add region, like eu-west-1')
  const timeoutMs = timeout_ms ?? TIMEOUT_MS
  return { kind: 'dynamodb', table: table ?? '', region: region ?? '', endpoint, timeoutMs }
}
