import fs from 'node:fs'
import http from 'node:http'
import { syncBuiltinESMExports } from 'node:module'
import process from 'node:process'

// Loaded into the daemon by `node --import`: kills it with SIGKILL at one named point of one signature. Nothing in the
// product knows of it. KILL_AT is `POINT LEVEL`: the first time that POINT is passed for a payload of LEVEL. KILL_RECORD
// is a file that gets `synced SIZE` whenever the journal was synced, and `reached POINT` before the end.

const [point, levelText] = (process.env.KILL_AT ?? '').split(' ')
const level = Number(levelText)
const record = process.env.KILL_RECORD === undefined ? undefined : fs.openSync(process.env.KILL_RECORD, 'a')
const { openSync, writeSync, readSync, fdatasyncSync, fstatSync, readlinkSync } = fs

const SIGN_OPCODE = 0x21
const levelBytes = Buffer.alloc(4)
if (point) levelBytes.writeUInt32BE(level)

/** The journal's descriptor. */
let journal
/** What was last begun for LEVEL: its mark's line, its SIGN command. */
let isMarking = false
let isSigning = false
/** What was read from the port since the SIGN command. */
let reply = Buffer.alloc(0)

const note = (text) => record !== undefined && writeSync(record, `${text}\n`)
const noteSize = () => note(`synced ${fstatSync(journal).size}`)

function passes(name) {
  if (name !== point) return
  note(`reached ${name}`)
  process.kill(process.pid, 'SIGKILL')
}

/** Does `write` with the points before, in the middle of, and behind it. */
function around([before, within, after], bytes, write) {
  passes(before)
  if (within === point) write(bytes.subarray(0, Math.floor(bytes.length / 2)))
  passes(within)
  const written = write(bytes)
  if (written === bytes.length) passes(after)
  return written
}

function isPort(fd) {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`).startsWith('/dev/pts/')
  } catch {
    return false
  }
}

fs.openSync = (path, flags, mode) => {
  const fd = openSync(path, flags, mode)
  if (String(path).endsWith('/marks.journal') && (flags & fs.constants.O_APPEND) !== 0) {
    journal = fd
    noteSize() // it was written anew and synced before it is opened for appending
  }
  return fd
}

fs.writeSync = (fd, data, offset, length, position) => {
  const plainly = () => writeSync(fd, data, offset, length, position)
  if (!point || !(data instanceof Uint8Array)) return plainly()
  const bytes = data.subarray(offset ?? 0, (offset ?? 0) + (length ?? data.length))
  const write = (part) => writeSync(fd, part)
  if (fd === journal) {
    const line = Buffer.from(bytes).toString()
    if (!line.includes(`"level":${level},`)) return plainly()
    isMarking = line.includes('"type":"mark"')
    const what = isMarking ? 'mark' : 'signature'
    return around([`before-${what}`, `within-${what}`, `after-${what}`], bytes, write)
  }
  if (!isPort(fd)) return plainly()
  isSigning = bytes[3] === SIGN_OPCODE && Buffer.from(bytes).includes(levelBytes)
  reply = Buffer.alloc(0)
  return isSigning ? around(['', 'within-command', 'after-command'], bytes, write) : plainly()
}

fs.fdatasyncSync = (fd) => {
  fdatasyncSync(fd)
  if (fd !== journal) return
  noteSize()
  if (isMarking) passes('after-sync')
}

fs.readSync = (fd, buffer, offset, length, position) => {
  const size = readSync(fd, buffer, offset, length, position)
  if (!isSigning || !isPort(fd)) return size
  reply = Buffer.concat([reply, buffer.subarray(offset, offset + size)])
  if (reply.length >= 2 && reply.length >= reply.readUInt16LE(0)) passes('after-reply')
  return size
}

const { writeHead } = http.ServerResponse.prototype
http.ServerResponse.prototype.writeHead = function (...args) {
  if (isSigning && this.req.method === 'POST') passes('before-answer')
  return writeHead.apply(this, args)
}

syncBuiltinESMExports()
