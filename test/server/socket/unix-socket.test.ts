import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { describe, expect, it, onTestFinished } from 'vitest'
import { bindForOwner } from '../../../src/server/bind.js'
import { bindUnixSocket, type UnixSocket } from '../../../src/server/socket/unix-socket.js'

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'tezio-unix-'))
  onTestFinished(() => {
    rmSync(made, { recursive: true, force: true })
  })
  return made
}

const modeOf = (path: string) => statSync(path).mode & 0o777

function closing(server: Server): Server {
  onTestFinished(() => {
    server.close()
  })
  return server
}

async function bound(options: Partial<UnixSocket> = {}): Promise<string> {
  const path = options.path ?? join(folder(), 'signer.sock')
  await bindUnixSocket(closing(createServer()), { path, mode: 0o600, gid: undefined, ...options })
  return path
}

/** The umask as the system tells it: asking Node would write it. */
function umask(): number {
  return parseInt(/^Umask:\s*(\d+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '', 8)
}

function withUmask<Result>(mask: number, run: () => Promise<Result>): Promise<Result> {
  const before = process.umask(mask)
  return run().finally(() => process.umask(before))
}

describe('the file of a Unix socket', () => {
  it.each([0o600, 0o660, 0o666, 0o777])('has exactly the mode %i, whatever the umask is', async (mode) => {
    for (const mask of [0o000, 0o022, 0o177]) {
      expect(modeOf(await withUmask(mask, () => bound({ mode })))).toBe(mode)
    }
  })

  it('is its owner’s alone until its group and mode are set, even under a wide umask', async () => {
    const path = join(folder(), 'signer.sock')
    await withUmask(0, () => bindForOwner(closing(createServer()), path))
    expect(modeOf(path)).toBe(0o600)
  })

  it('leaves the umask of the process as it was', async () => {
    await withUmask(0o027, async () => {
      await bound()
      expect(umask()).toBe(0o027)
      await expect(bound({ path: join(folder(), 'no', 'folder') })).rejects.toMatchObject({
        syscall: 'listen',
      })
      expect(umask()).toBe(0o027)
    })
  })

  it('belongs to the group that is asked for', async () => {
    const gid = process.getgid!()
    expect(statSync(await bound({ gid, mode: 0o660 })).gid).toBe(gid)
  })
})

describe('what stands at the path already', () => {
  it('is replaced when it is the socket of a program that was killed', async () => {
    const path = join(folder(), 'signer.sock')
    const code = `require('net').createServer().listen(${JSON.stringify(path)}, () => console.log('listening'))`
    const child = spawn(process.execPath, ['-e', code], { stdio: ['ignore', 'pipe', 'ignore'] })
    await once(child.stdout, 'data')
    child.kill('SIGKILL')
    await once(child, 'exit')
    expect(lstatSync(path).isSocket()).toBe(true)
    await bound({ path })
    expect(lstatSync(path).isSocket()).toBe(true)
  })

  it('is left alone when a program listens there', async () => {
    const path = await bound()
    const { ino } = lstatSync(path)
    await expect(bound({ path })).rejects.toMatchObject({
      code: 'address-in-use',
      message: `${path} is in use: another program listens there; stop that program, or choose another path`,
    })
    expect(lstatSync(path).ino).toBe(ino)
  })

  it('is left alone when it is no socket, and no link to one', async () => {
    const place = folder()
    const path = join(place, 'notes')
    writeFileSync(path, 'precious')
    await expect(bound({ path })).rejects.toMatchObject({
      code: 'not-a-socket',
      message: expect.stringContaining('is no socket; it was left alone: choose another path') as string,
    })
    expect(readFileSync(path, 'utf8')).toBe('precious')
    const link = join(place, 'link')
    symlinkSync(await bound(), link)
    await expect(bound({ path: link })).rejects.toMatchObject({ code: 'not-a-socket' })
    await expect(bound({ path: place })).rejects.toMatchObject({ code: 'not-a-socket' })
    expect(existsSync(link)).toBe(true)
  })
})

it('a group that this user may not give is refused, and no socket is left behind', async () => {
  const place = folder()
  const path = join(place, 'signer.sock')
  const script = `
    import { createServer } from 'node:net'
    import { bindUnixSocket } from ${JSON.stringify(new URL('../../../dist/src/server/socket/unix-socket.js', import.meta.url).href)}
    if (process.getuid() === 0) process.setuid(65534)
    try { await bindUnixSocket(createServer(), { path: ${JSON.stringify(path)}, mode: 0o660, gid: 4294 }); console.log('bound') }
    catch (error) { console.log(error.code + ': ' + error.message) }
    process.exit()`
  chmodSync(place, 0o777)
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [said] = (await once(child.stdout, 'data')) as [Buffer]
  expect(said.toString()).toMatch(
    /^group-not-allowed: the group 4294 cannot be given .*signer\.sock: this user is not a member of it; add the user/,
  )
  await once(child, 'exit')
  expect(existsSync(path)).toBe(false)
})
