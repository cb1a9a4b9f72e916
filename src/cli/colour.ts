/** Whether standard output is a terminal that shows colours and a person who wants them (NO_COLOR, FORCE_COLOR). */
export function isColoured(stream: NodeJS.WriteStream = process.stdout): boolean {
  return stream.isTTY && stream.hasColors()
}
