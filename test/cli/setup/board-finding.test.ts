import { describe, expect, test } from 'vitest'
import { createSimulatedBinding, createSimulatedTezio, type PortIdentity } from '../../../hw-sim/index.js'
import { checkPortOptions, findBoard } from '../../../src/cli/setup/find-board.js'
import { givenAnswers } from '../../../src/cli/setup/given-answers.js'
import type { Answers } from '../../../src/cli/setup/answers.js'
import type { SetupOptions } from '../../../src/cli/setup/setup-options.js'
import type { Wizard } from '../../../src/cli/setup/wizard.js'
import { UsageError } from '../../../src/cli/exit-code.js'
import { transcriptKeys } from '../../device/support.js'

type Binding = ReturnType<typeof createSimulatedBinding>

const board = (path: string, identity: PortIdentity = {}) =>
  createSimulatedBinding(createSimulatedTezio({ keys: transcriptKeys() }), path, identity)

/** Several simulated ports on one machine. */
function machine(...bindings: readonly Binding[]): Pick<Binding, 'list' | 'open'> {
  return {
    list: async () => (await Promise.all(bindings.map((one) => one.list()))).flat(),
    open: async (options) => {
      for (const one of bindings) {
        if ((await one.list()).some(({ path }) => path === options.path)) return one.open(options)
      }
      throw new Error(`Error: No such file or directory, cannot open ${options.path}`)
    },
  }
}

/** Answers by the beginnings of the choices' names, in order, as a person would pick them. */
function picking(...picks: readonly (string | (() => string))[]): Answers & { readonly offered: string[][] } {
  const left = [...picks]
  const offered: string[][] = []
  const next = () => {
    const pick = left.shift()
    return typeof pick === 'function' ? pick() : (pick ?? '')
  }
  return {
    ...givenAnswers,
    isAsked: true,
    offered,
    choose: ({ choices }) => {
      offered.push(choices.map(({ name }) => name))
      const pick = next()
      const found = choices.find(({ name }) => name.includes(pick))
      return found === undefined
        ? Promise.reject(new Error(`no choice ${pick}`))
        : Promise.resolve(found.value)
    },
    text: ({ read }) => {
      const reading = read(next())
      return 'value' in reading ? Promise.resolve(reading.value) : Promise.reject(new Error(reading.problem))
    },
  }
}

function wizard(
  binding: Pick<Binding, 'list' | 'open'>,
  options: Partial<SetupOptions>,
  answers = givenAnswers,
) {
  const said: string[] = []
  const value: Wizard = {
    options: { config: 'config.yaml', ...options },
    answers,
    say: (text) => said.push(text),
    warn: (text) => said.push(text),
    now: () => new Date(0),
    installer: '/nowhere',
    binding,
  }
  return { value, said }
}

const SERIAL = '5E2B0C1C50304D48502E3120FF0A1B2C'
const OTHER = { serialNumber: 'BBBB', productId: '8057' }

describe('the board', () => {
  test('that is the only one is named by its serial number, not by its path: another is not taken for it', async () => {
    const { value, said } = wizard(board('/dev/ttyACM3'), {})
    const { path, device, keys } = await findBoard(value)
    expect({ path, device }).toEqual({
      path: '/dev/ttyACM3',
      device: { port: 'auto', serialNumber: SERIAL },
    })
    expect([...keys.keys()].toSorted()).toEqual([0, 1, 2, 3])
    expect(said.join()).toContain(`/dev/ttyACM3 (serial number ${SERIAL})`)
  })

  test('is proposed to a person, who may name another port', async () => {
    const one = board('/dev/ttyACM0')
    const answers = picking('another port', '/dev/ttyUSB7')
    const binding = machine(one, board('/dev/ttyUSB7', { vendorId: '1a86', productId: '7523' }))
    const { device } = await findBoard(wizard(binding, {}, answers).value)
    expect(device).toEqual({ port: '/dev/ttyUSB7', serialNumber: undefined })
    expect(answers.offered[0]?.[0]).toContain('/dev/ttyACM0')
  })

  test('is chosen where several are plugged in, and never guessed', async () => {
    const binding = machine(board('/dev/ttyACM0'), board('/dev/ttyACM1', OTHER))
    await expect(findBoard(wizard(binding, {}).value)).rejects.toThrow(/--serial-number is needed/)
    await expect(findBoard(wizard(binding, { port: 'auto' }).value)).rejects.toThrow(UsageError)
    const named = await findBoard(wizard(binding, { serialNumber: 'BBBB' }).value)
    expect(named).toMatchObject({ path: '/dev/ttyACM1', device: { port: 'auto', serialNumber: 'BBBB' } })
    const picked = await findBoard(wizard(binding, {}, picking('/dev/ttyACM1')).value)
    expect(picked.device.serialNumber).toBe('BBBB')
  })

  test('that is not there is told with what to check, and found when it is plugged in and tried again', async () => {
    const binding = board('/dev/ttyACM0')
    binding.unplug()
    await expect(findBoard(wizard(binding, {}).value)).rejects.toMatchObject({
      code: 'port-not-found',
      message: expect.stringMatching(/No Tezio board was found[^]*cable[^]*no other serial port/) as string,
    })
    const plugIn = () => {
      binding.replug()
      return 'again'
    }
    const { value, said } = wizard(binding, { port: 'auto' }, picking('again', plugIn))
    expect((await findBoard(value)).path).toBe('/dev/ttyACM0')
    expect(said.filter((text) => text.includes('No Tezio board'))).toHaveLength(2)
  })

  test('with another serial number than asked is not taken', async () => {
    await expect(findBoard(wizard(board('/dev/ttyACM0'), { serialNumber: 'CCCC' }).value)).rejects.toThrow(
      /No Tezio board with serial number CCCC/,
    )
  })

  test('in its bootloader is recognised, and so are ports that are no board', async () => {
    const binding = machine(
      board('/dev/ttyACM0', { productId: '0054' }),
      board('/dev/ttyUSB0', { vendorId: '0403', productId: '6001' }),
    )
    await expect(findBoard(wizard(binding, {}).value)).rejects.toThrow(
      /\/dev\/ttyACM0 is in its bootloader[^]*reset[^]*Other serial ports are there: \/dev\/ttyUSB0\./,
    )
  })

  test('that another program holds is told with who that may be, and a person may stop', async () => {
    const binding = board('/dev/ttyACM0')
    const held = await binding.open({ path: '/dev/ttyACM0', baudRate: 57600 })
    const { value, said } = wizard(binding, { port: '/dev/ttyACM0' }, picking('stop'))
    await expect(findBoard(value)).rejects.toMatchObject({ code: 'port-busy' })
    expect(said.join()).toMatch(/ModemManager[^]*fuser/)
    await held.close()
  })
})

describe('ports that cannot be listed', () => {
  const deaf = {
    ...board('/dev/ttyACM0'),
    list: () => Promise.reject(new Error('spawn udevadm ENOENT')),
    open: () => Promise.reject(new Error('No such file or directory')),
  }

  test('are told as such, with the way around', async () => {
    await expect(findBoard(wizard(deaf, {}).value)).rejects.toThrow(/udevadm ENOENT.*install udev[^]*--port/)
  })

  test('are no reason against one that is named', async () => {
    await expect(findBoard(wizard(deaf, { port: '/dev/ttyACM0' }).value)).rejects.toThrow(/no such port/)
  })
})

test('a serial number beside a path, and a path that is none, are refused', () => {
  const check = (options: Partial<SetupOptions>) => () => {
    checkPortOptions({ config: 'config.yaml', ...options })
  }
  expect(check({ port: '/dev/ttyACM0', serialNumber: 'A' })).toThrow(UsageError)
  expect(check({ port: 'ttyACM0' })).toThrow(/absolute path/)
  expect(check({ port: 'auto', serialNumber: 'A' })).not.toThrow()
  expect(check({ port: '/dev/ttyACM0' })).not.toThrow()
})
