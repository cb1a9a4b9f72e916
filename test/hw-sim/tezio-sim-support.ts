import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { SerialPort } from 'serialport'
import { tezioSim } from '../../hw-sim/cli/program.js'
import { GET_PK } from './bench.js'

const MAIN = fileURLToPath(new URL('../../dist/hw-sim/cli/main.js', import.meta.url))

/** The secrets of the transcripts' keys, as a keys file holds them. */
export const SECRETS = {
  auth: '6f1b0c1c2d3e4f5061728394a5b6c7d8e9fa0b1c2d3e4f506172839405162701',
  ed25519: '3c4b0c1c2d3e4f5061728394a5b6c7d8e9fa0b1c2d3e4f506172839405162704',
  secp256k1: '4d3b0c1c2d3e4f5061728394a5b6c7d8e9fa0b1c2d3e4f506172839405162703',
  p256: '5e2b0c1c2d3e4f5061728394a5b6c7d8e9fa0b1c2d3e4f506172839405162702',
}

/** What a command printed, and how it ended. */
export type Ran = { readonly code: number; readonly out: readonly string[]; readonly err: readonly string[] }

/** Runs a command that ends by itself, in this process. */
export async function runCommand(...argv: readonly string[]): Promise<Ran> {
  const out: string[] = []
  const err: string[] = []
  const stop = new AbortController().signal
  const code = await tezioSim(argv, { print: (line) => out.push(line), warn: (line) => err.push(line), stop })
  return { code, out, err }
}

/** Runs a simulator in this process until `count` ports are ready, lets `use` work with them, and stops it. */
export async function whileRunning(
  argv: readonly string[],
  use: (paths: readonly string[]) => Promise<void>,
  count = 1,
): Promise<Ran> {
  const stop = new AbortController()
  const out: string[] = []
  const err: string[] = []
  let done: Promise<void> | undefined
  const print = (line: string) => {
    out.push(line)
    const ready = out.filter((each) => each.startsWith('ready ')).map((each) => each.slice('ready '.length))
    if (ready.length < count || done !== undefined) return
    done = use(ready).finally(() => {
      stop.abort()
    })
  }
  const code = await tezioSim(argv, { print, warn: (line) => err.push(line), stop: stop.signal })
  await done
  return { code, out, err }
}

/** A simulator in a process of its own, once `count` ports are ready. */
export async function spawnSimulator(argv: readonly string[], count = 1) {
  const child = spawn(process.execPath, [MAIN, ...argv], { stdio: ['ignore', 'pipe', 'ignore'] })
  const exited = new Promise<number | null>((resolve) => {
    child.once('exit', resolve)
  })
  const ready: string[] = []
  await new Promise<void>((resolve, reject) => {
    createInterface(child.stdout).on('line', (line) => {
      if (line.startsWith('ready ')) ready.push(line.slice('ready '.length))
      if (ready.length === count) resolve()
    })
    void exited.then((code) => {
      reject(new Error(`the simulator ended with ${code}`))
    })
  })
  return { child, exited, ready }
}

/** Runs a command of the program in a process of its own. */
export async function spawnCommand(...argv: readonly string[]): Promise<Ran> {
  const child = spawn(process.execPath, [MAIN, ...argv], { stdio: ['ignore', 'pipe', 'pipe'] })
  const [out, err] = [child.stdout, child.stderr].map((stream) => {
    const lines: string[] = []
    createInterface(stream).on('line', (line) => lines.push(line))
    return lines
  })
  const code = await new Promise<number | null>((resolve) => {
    child.once('close', resolve)
  })
  return { code: code ?? -1, out: out!, err: err! }
}

/** A real serial port, open. */
export async function openPort(path: string): Promise<SerialPort> {
  const port = new SerialPort({ path, baudRate: 57600, autoOpen: false })
  await new Promise<void>((resolve, reject) => {
    port.open((error) => {
      if (error === null) resolve()
      else reject(error)
    })
  })
  return port
}

export async function closePort(port: SerialPort): Promise<void> {
  await new Promise((resolve) => {
    port.close(resolve)
  })
}

/** The first bytes that answer a command. */
export async function exchange(port: SerialPort, command: Uint8Array = GET_PK): Promise<Uint8Array> {
  const data = new Promise<Buffer>((resolve) => {
    port.once('data', resolve)
  })
  port.write(Buffer.from(command))
  return new Uint8Array(await data)
}

/** The same through a port opened for it. */
export async function ask(path: string, command: Uint8Array = GET_PK): Promise<Uint8Array> {
  const port = await openPort(path)
  const reply = await exchange(port, command)
  await closePort(port)
  return reply
}
