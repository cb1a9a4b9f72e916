import { readText, type Host } from './host.js'

/** A user's name, or the number where it has none here. */
export function userName(host: Host, uid: number): string {
  return nameOf(host, '/etc/passwd', uid) ?? String(uid)
}

/** A group's name, or the number where it has none here. */
export function groupName(host: Host, gid: number): string {
  return nameOf(host, '/etc/group', gid) ?? String(gid)
}

/** A group's number; `undefined` where no group has the name here. */
export function groupId(host: Host, name: string): number | undefined {
  const [, , number] = entries(host, '/etc/group').find(([group]) => group === name) ?? []
  return number === undefined ? undefined : Number(number)
}

/** Whether a group's entry lists the user; a session that began before does not know it yet. */
export function isListedMember(host: Host, gid: number, user: string): boolean {
  return entries(host, '/etc/group').some(
    ([, , id, members]) => Number(id) === gid && (members ?? '').split(',').includes(user),
  )
}

function nameOf(host: Host, file: string, id: number): string | undefined {
  return entries(host, file).find(([, , number]) => Number(number) === id)?.[0]
}

function entries(host: Host, file: string): readonly (readonly string[])[] {
  return (readText(host, file) ?? '').split('\n').map((line) => line.split(':'))
}
