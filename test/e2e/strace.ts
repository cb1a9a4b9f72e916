/** One system call of a trace. Lines of the trace count from 0; another call may begin before this one has ended. */
export type SystemCall = {
  readonly name: string
  /** Numbers and flags as they are written, strings as bytes. */
  readonly args: readonly (string | Uint8Array)[]
  /** What it returned, `undefined` for a call that never did; -1 for an error. */
  readonly result: number | undefined
  readonly beganAt: number
  readonly endedAt: number
}

/** The options of strace for `parseTrace`: every thread, strings whole and in hex. */
export function straceOptions(file: string, calls: readonly string[]): readonly string[] {
  // as a grandchild (-D): signals to the started process then reach the traced program
  return ['-D', '-f', '-q', '-xx', '-s', '65536', '-o', file, '-e', `trace=${calls.join(',')}`]
}

const UNFINISHED = ' <unfinished ...>'
const LINE = /^(\d+)\s+(.*)$/
const RESUMED = /^<\.\.\. \w+ resumed>,?\s*(.*)$/
const CALL = /^(\w+)\((.*)\)\s+= (-?\d+|\?|0x[0-9a-f]+)/

/** Reads what `strace -f -xx` wrote. Lines that are no calls (signals, exits) are left out. */
export function parseTrace(text: string): readonly SystemCall[] {
  const calls: SystemCall[] = []
  const begun = new Map<string, { readonly text: string; readonly line: number }>()
  for (const [line, whole] of text.split('\n').entries()) {
    const [, thread = '', rest = ''] = LINE.exec(whole) ?? []
    if (rest.endsWith(UNFINISHED)) {
      begun.set(thread, { text: rest.slice(0, -UNFINISHED.length), line })
      continue
    }
    const resumed = RESUMED.exec(rest)
    const start = resumed === null ? undefined : begun.get(thread)
    const call = readCall(`${start?.text ?? ''}${resumed?.[1] ?? rest}`, start?.line ?? line, line)
    if (call !== undefined) calls.push(call)
  }
  return calls
}

function readCall(text: string, beganAt: number, endedAt: number): SystemCall | undefined {
  const [, name, args = '', result] = CALL.exec(text) ?? []
  if (name === undefined || result === undefined) return undefined
  return {
    name,
    args: args.split(', ').map(readArgument),
    result: result === '?' ? undefined : Number(result),
    beganAt,
    endedAt,
  }
}

/** Strings are all hex, so no comma and no quotation mark is ever within one. */
function readArgument(text: string): string | Uint8Array {
  const string = /^"((?:\\x[0-9a-f]{2})*)"/.exec(text)?.[1]
  return string === undefined ? text : Uint8Array.from(Buffer.from(string.replaceAll('\\x', ''), 'hex'))
}
