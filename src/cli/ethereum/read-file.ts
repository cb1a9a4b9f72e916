import { readFile, stat } from 'node:fs/promises'

/** A whole file of `maxBytes` at most, or why it cannot be had. */
export async function readFileBounded(file: string, maxBytes: number): Promise<Uint8Array | string> {
  try {
    const { size } = await stat(file)
    if (size > maxBytes) return `${file} has ${size} bytes, and at most ${maxBytes} are read; split it`
    return await readFile(file)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    return `${file} cannot be read (${reason}); check the path and its permissions`
  }
}
