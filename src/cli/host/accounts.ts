import { readText, type Host } from './host.js'

/** A user's name, or the number where it has none here. */
export function userName(host: Host, uid: number): string {
  return nameOf(host, '/etc/passwd', uid) ?? String(uid)
}

/** A group's name, or the number where it has none here. */
export function groupName(host: Host, gid: number): string {
  return nameOf(host, '/etc/group', gid) ?? String(gid)
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
