import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { PRODUCT_IDS, VENDOR_ID } from '../../src/device/board-models.js'
import { shipped, SUPERVISOR } from './install.js'

const FILE = 'udev/60-tezio-bridge.rules'
/** What udev(7) lets a rule say, as far as this file says it: key, operator, value in quotes. */
const TERM = /^([A-Z]+(?:\{[\w/]+\})?)(==|!=|\+=|=)"([^"]*)"$/
const MATCHES = ['ACTION', 'SUBSYSTEM', 'ENV{DEVTYPE}', 'ATTR{idVendor}', 'ATTR{idProduct}']
const PARENT_MATCHES = ['ATTRS{idVendor}', 'ATTRS{idProduct}']
const ASSIGNMENTS = ['GOTO', 'LABEL', 'GROUP', 'MODE', 'ATTR{power/control}']
const PROPERTIES = ['ENV{ID_MM_DEVICE_IGNORE}', 'ENV{ID_MM_PORT_IGNORE}']

type Term = { readonly key: string; readonly operator: string; readonly value: string }

/** The rules of the file; a term that is none throws. */
function parseRules(text: string): readonly (readonly Term[])[] {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return lines.map((line) =>
    line.split(', ').map((term) => {
      const [, key = '', operator = '', value = ''] = TERM.exec(term) ?? []
      if (key === '') throw new Error(`no term of a rule: ${term}`)
      return { key, operator, value }
    }),
  )
}

const rules = parseRules(shipped(FILE))
const boards = rules.filter((rule) => rule.some(({ key }) => key.endsWith('{idProduct}')))
const assigned = (name: string) =>
  boards.flatMap((rule) =>
    rule.filter(({ key }) => key === name).map(({ operator, value }) => operator + value),
  )
const subsystemOf = (name: string) =>
  boards
    .filter((rule) => rule.some(({ key }) => key === name))
    .map((rule) => rule.find(({ key }) => key === 'SUBSYSTEM')?.value)

describe('the udev rules', () => {
  it('use every key as udev(7) allows it', () => {
    for (const { key, operator } of rules.flat()) {
      const allowed = [
        ...([...MATCHES, ...PARENT_MATCHES].includes(key) ? ['=='] : []),
        ...([...ASSIGNMENTS, ...PROPERTIES].includes(key) ? ['='] : []),
        ...(key === 'SYMLINK' ? ['+='] : []),
      ]
      expect(allowed, `${key} ${operator}`).toContain(operator)
    }
    expect(() => parseRules('KERNEL=="x" MODE="0660"')).toThrow(/no term/)
  })

  it('name exactly the boards that are looked for with port auto', () => {
    expect(boards).toHaveLength(4)
    for (const rule of boards) {
      const ids = rule.filter(({ key }) => /\{id(Vendor|Product)\}$/.test(key)).map(({ value }) => value)
      expect(ids).toEqual([VENDOR_ID, PRODUCT_IDS.join('|')])
    }
  })

  it('match the USB device by its own attributes, and the port by its parent’s', () => {
    for (const rule of boards) {
      const isPort = rule.some(({ key, value }) => key === 'SUBSYSTEM' && value === 'tty')
      const attributes = rule.map(({ key }) => key).filter((key) => key.endsWith('{idVendor}'))
      expect(attributes).toEqual([isPort ? 'ATTRS{idVendor}' : 'ATTR{idVendor}'])
    }
  })

  it('give the port to the group of the service alone, with names that stay', () => {
    const [, group] = /^Group=(.*)$/m.exec(shipped('systemd/tezio-bridge.service')) ?? []
    const [, user] = /^user=(.*)$/m.exec(shipped('supervisord/tezio-bridge.conf')) ?? []
    expect(user).toBe(group)
    expect(assigned('GROUP')).toEqual([`=${group ?? ''}`])
    expect(assigned('MODE')).toEqual(['=0660'])
    expect(assigned('SYMLINK')).toEqual(['+=tezio-hsm tezio-hsm-$attr{serial}'])
  })

  it('keep ModemManager away and the board awake', () => {
    expect([assigned('ENV{ID_MM_DEVICE_IGNORE}'), subsystemOf('ENV{ID_MM_DEVICE_IGNORE}')]).toEqual([
      ['=1'],
      ['usb'],
    ])
    expect([assigned('ENV{ID_MM_PORT_IGNORE}'), subsystemOf('ENV{ID_MM_PORT_IGNORE}')]).toEqual([
      ['=1'],
      ['tty'],
    ])
    expect([assigned('ATTR{power/control}'), subsystemOf('ATTR{power/control}')]).toEqual([['=on'], ['usb']])
  })

  it('jump only to a label that is there', () => {
    const valuesOf = (name: string) =>
      rules
        .flat()
        .filter(({ key }) => key === name)
        .map(({ value }) => value)
    expect(valuesOf('GOTO')).toEqual(valuesOf('LABEL'))
  })

  it('are right for udevadm itself, where it can verify', (context) => {
    const able = spawnSync('udevadm', ['verify', '--help'], { stdio: 'ignore' }).status === 0
    const reason = 'udevadm verify came with systemd 254, and is not here'
    if (!able) console.warn(`skipped: ${reason}`)
    context.skip(!able, reason)
    const { status, stderr } = spawnSync(
      'udevadm',
      ['verify', '--resolve-names=never', join(SUPERVISOR, FILE)],
      {
        encoding: 'utf8',
      },
    )
    expect([status, stderr]).toEqual([0, expect.anything()])
  })
})
