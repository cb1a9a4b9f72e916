import { EthereumError } from './ethereum-error.js'

/** A member of a struct. */
export type TypedMember = { readonly name: string; readonly type: string }

/** Structs by their names. */
export type TypedDataTypes = Readonly<Record<string, readonly TypedMember[]>>

/** A member's type, taken apart: `lengths` are those of its arrays, the outermost last; `undefined` for `[]`. */
export type MemberType = { readonly base: string; readonly lengths: readonly (number | undefined)[] }

const NAME = /^[A-Za-z_$][A-Za-z0-9_$]{0,99}$/
const ATOMIC =
  /^(?:address|bool|string|bytes|bytes(?:[1-9]|[12]\d|3[0-2])|u?int(?:8|16|24|32|40|48|56|64|72|80|88|96|104|112|120|128|136|144|152|160|168|176|184|192|200|208|216|224|232|240|248|256))$/
const MAX_STRUCTS = 50
const MAX_MEMBERS = 100
const MAX_ARRAYS = 4

/** Whether a type is one of Solidity's own that EIP-712 encodes. */
export function isAtomic(type: string): boolean {
  return ATOMIC.test(type)
}

/** A member's type. Throws an EthereumError for what is none. */
export function readMemberType(type: string): MemberType {
  const [, base = '', arrays = ''] = /^([A-Za-z0-9_$]{1,100})((?:\[(?:|0|[1-9]\d{0,3})\])*)$/.exec(type) ?? []
  const lengths = [...arrays.matchAll(/\[(\d*)\]/g)].map(([, digits = '']) =>
    digits === '' ? undefined : Number(digits),
  )
  if (base === '' || lengths.length > MAX_ARRAYS) {
    throw new EthereumError(`"${type.slice(0, 60)}" is no type of EIP-712`)
  }
  return { base, lengths }
}

/** Throws an EthereumError unless every struct and member has a name and a type that there is. */
export function checkTypes(types: TypedDataTypes): void {
  const names = Object.keys(types)
  if (names.length > MAX_STRUCTS) {
    throw new EthereumError(`types has ${names.length} structs; at most ${MAX_STRUCTS} are taken`)
  }
  for (const [name, members] of Object.entries(types)) {
    if (!NAME.test(name) || isAtomic(name)) throw new EthereumError(`"${name.slice(0, 60)}" names no struct`)
    if (members.length > MAX_MEMBERS) {
      throw new EthereumError(`${name} has ${members.length} members; at most ${MAX_MEMBERS} are taken`)
    }
    const seen = new Set<string>()
    for (const member of members) {
      if (!NAME.test(member.name)) {
        throw new EthereumError(`"${member.name.slice(0, 60)}" is no name of a member of ${name}`)
      }
      if (seen.has(member.name)) throw new EthereumError(`${name} has two members ${member.name}`)
      seen.add(member.name)
      const { base } = readMemberType(member.type)
      if (!isAtomic(base) && !Object.hasOwn(types, base)) {
        throw new EthereumError(`${name}.${member.name} is of type ${base}, which types does not define`)
      }
    }
  }
}

/** The text whose hash names a struct: itself, then those it refers to, by name. Throws an EthereumError. */
export function encodeTypeOf(types: TypedDataTypes, primaryType: string): string {
  checkTypes(types)
  const found = new Set<string>()
  collect(types, primaryType, found)
  found.delete(primaryType)
  return [primaryType, ...[...found].sort()].map((name) => structText(types, name)).join('')
}

/** The members of a struct. Throws an EthereumError where there is none of the name. */
export function membersOf(types: TypedDataTypes, name: string): readonly TypedMember[] {
  const members = Object.hasOwn(types, name) ? types[name] : undefined
  if (members === undefined) throw new EthereumError(`types does not define ${name.slice(0, 60)}`)
  return members
}

function collect(types: TypedDataTypes, name: string, found: Set<string>): void {
  if (found.has(name)) return
  found.add(name)
  for (const { type } of membersOf(types, name)) {
    const { base } = readMemberType(type)
    if (!isAtomic(base)) collect(types, base, found)
  }
}

function structText(types: TypedDataTypes, name: string): string {
  const members = membersOf(types, name).map((member) => `${member.type} ${member.name}`)
  return `${name}(${members.join(',')})`
}
