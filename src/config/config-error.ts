/**
 * Why there is no configuration:
 * `unreadable` - the file cannot be opened, or is larger than any configuration;
 * `not-yaml` - its text is not one plain YAML mapping;
 * `invalid` - it is, and says something that is unknown, out of range or unsafe.
 * The caller stops with exit code 78 in every case; only `unreadable` may mend itself.
 */
export type ConfigErrorCode = 'unreadable' | 'not-yaml' | 'invalid'

/** One thing to mend: where (a line from 1, and a dotted path, empty for the file as a whole) and what. */
export type ConfigProblem = {
  readonly line: number | undefined
  readonly path: string
  readonly message: string
}

/** More problems than these help nobody, and a hostile file could name a million. */
const MAX_PROBLEMS = 50

/** What every failure to read a configuration throws; its message holds one line for each problem. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  readonly code: ConfigErrorCode
  readonly problems: readonly ConfigProblem[]

  constructor(code: ConfigErrorCode, file: string, problems: readonly ConfigProblem[], cause?: unknown) {
    const shown = problems.slice(0, MAX_PROBLEMS)
    const more = problems.length - shown.length
    const lines = shown.map((problem) => problemLine(file, problem))
    if (more > 0) lines.push(`${file}: and ${more} more problems`)
    super(lines.join('\n'), { cause })
    this.code = code
    this.problems = Object.freeze(shown)
  }
}

function problemLine(file: string, { line, path, message }: ConfigProblem): string {
  const place = line === undefined ? file : `${file}:${line}`
  return path === '' ? `${place}: ${message}` : `${place}: ${path}: ${message}`
}
