/** What a file system means for marks that must survive a power cut. */
export type FileSystem = {
  readonly name: string
  readonly status: 'pass' | 'warn' | 'fail'
  readonly reason?: string
}

const IN_MEMORY = 'everything in it is gone after a restart, the marks as well'
const REMOTE =
  'whether a mark is on a disk when the sync returns, and whether the lock holds, is up to the other side'
const FOREIGN = 'it has no hard links and no owners, and the journal needs both'

/** By the magic number of statfs(2), as linux/magic.h has it. What is not here is not judged. */
export const FILE_SYSTEMS: ReadonlyMap<number, FileSystem> = new Map<number, FileSystem>([
  [0xef53, { name: 'ext4', status: 'pass' }],
  [0x58465342, { name: 'xfs', status: 'pass' }],
  [0x9123683e, { name: 'btrfs', status: 'pass' }],
  [0x2fc12fc1, { name: 'zfs', status: 'pass' }],
  [0xf2f52010, { name: 'f2fs', status: 'pass' }],
  [0x01021994, { name: 'tmpfs', status: 'fail', reason: IN_MEMORY }],
  [0x858458f6, { name: 'ramfs', status: 'fail', reason: IN_MEMORY }],
  [0x4d44, { name: 'vfat', status: 'fail', reason: FOREIGN }],
  [0x2011bab0, { name: 'exfat', status: 'fail', reason: FOREIGN }],
  [
    0x794c7630,
    { name: 'overlay', status: 'warn', reason: 'a container’s own layer is gone with the container' },
  ],
  [0x6969, { name: 'nfs', status: 'warn', reason: REMOTE }],
  [0xff534d42, { name: 'cifs', status: 'warn', reason: REMOTE }],
  [0xfe534d42, { name: 'smb', status: 'warn', reason: REMOTE }],
  [0x01021997, { name: '9p', status: 'warn', reason: REMOTE }],
  [0x65735546, { name: 'fuse', status: 'warn', reason: REMOTE }],
])
