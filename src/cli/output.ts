/** Where a command's answer goes. */
export type Output = { readonly out: (text: string) => void; readonly err: (text: string) => void }

/** The process's own streams. */
export const processOutput: Output = {
  out: (text) => {
    process.stdout.write(text)
  },
  err: (text) => {
    process.stderr.write(text)
  },
}

/** A table for a person: columns padded to their widest cell, two spaces between. */
export function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [heads, ...rows]
  const widths = heads.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)))
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd()
  return `${all.map(line).join('\n')}\n`
}

/** JSON for a program, with a line feed. */
export function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`
}
