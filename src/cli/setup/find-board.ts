import {
  DeviceError,
  findPort,
  isBoard,
  isPseudoTerminal,
  listPorts,
  readBoard,
  type BoardKeys,
  type PortDescription,
} from '../../device/index.js'
import { UsageError } from '../exit-code.js'
import type { Choice } from './answers.js'
import type { Choices } from './config-text.js'
import { portAdvice } from './port-advice.js'
import type { Wizard } from './wizard.js'

/** A board that told its keys, and how the configuration shall name it. */
export type Board = {
  readonly path: string
  readonly device: Choices['device']
  readonly keys: BoardKeys
}

type Place = Omit<Board, 'keys'>

const NAMED = 'another port, by its path'

/** Finds the board and reads its keys; a person may plug in, name another port, and try again. Rejects with a DeviceError. */
export async function findBoard(wizard: Wizard): Promise<Board> {
  let named = wizard.options.port
  for (;;) {
    try {
      const place = await placeOf(wizard, named)
      wizard.say(`Reading the keys of the board at ${place.path} ...`)
      if (isPseudoTerminal(place.path)) {
        wizard.warn(`${place.path} is a pseudo-terminal: a SIMULATED board, whose keys protect nothing.`)
      }
      const { binding } = wizard
      const path = await findPort({ port: place.path }, binding)
      const { keys } = await readBoard(path, binding === undefined ? {} : { binding })
      return { ...place, keys }
    } catch (error) {
      if (!(error instanceof DeviceError)) throw error
      named = await afterFailure(wizard, error, portAdvice(error, await knownPorts(wizard)), named)
    }
  }
}

/** What is tried next: the same again, or a path. Throws the failure where nobody can be asked, or who is asked stops. */
async function afterFailure(
  { answers, say }: Wizard,
  error: DeviceError,
  advice: string,
  named: string | undefined,
): Promise<string | undefined> {
  const failure = new DeviceError(error.code, advice, { cause: error })
  if (!answers.isAsked) throw failure
  say(advice)
  const next = await answers.choose({
    message: 'What now?',
    option: '--port',
    choices: [
      { value: 'again', name: 'try again' },
      { value: 'named', name: NAMED },
      { value: 'stop', name: 'stop' },
    ],
  })
  if (next === 'stop')
    throw new DeviceError(error.code, `${error.message}; nothing was written`, { cause: error })
  return next === 'named' ? askPath(answers) : named
}

function askPath(answers: Wizard['answers']): Promise<string> {
  return answers.text({
    message: 'Path of the port (like /dev/ttyACM0):',
    option: '--port',
    read: (text) =>
      text.startsWith('/') ? { value: text } : { problem: 'an absolute path, like /dev/ttyACM0' },
  })
}

async function placeOf(wizard: Wizard, named: string | undefined): Promise<Place> {
  const { serialNumber } = wizard.options
  if (named !== undefined && named !== 'auto') {
    return { path: named, device: { port: named, serialNumber: undefined } }
  }
  const boards = (await listPorts(wizard.binding)).filter(
    (port) => isBoard(port) && (serialNumber === undefined || port.serialNumber === serialNumber),
  )
  if (boards.length === 0) throw notPluggedIn(serialNumber)
  return chooseBoard(wizard, boards)
}

/** The ports for advice only: none where they cannot be listed. */
async function knownPorts({ binding }: Wizard): Promise<readonly PortDescription[]> {
  try {
    return await listPorts(binding)
  } catch {
    return []
  }
}

function notPluggedIn(serialNumber: string | undefined): DeviceError {
  const which = serialNumber === undefined ? '' : ` with serial number ${serialNumber}`
  return new DeviceError('port-not-found', `No Tezio board${which} was found on USB`)
}

async function chooseBoard(
  { answers, say, options }: Wizard,
  boards: readonly PortDescription[],
): Promise<Place> {
  const [only] = boards
  if (only !== undefined && boards.length === 1 && (options.port === 'auto' || !answers.isAsked)) {
    say(`Found ${described(only)}.`)
    return placeOfBoard(only)
  }
  const place = await answers.choose<Place | 'named'>({
    message:
      boards.length === 1 ? 'One board is plugged in. Use it?' : 'Several boards are plugged in. Which one?',
    option: '--serial-number',
    choices: [
      ...boards.map((board): Choice<Place> => ({ value: placeOfBoard(board), name: described(board) })),
      { value: 'named' as const, name: NAMED },
    ],
  })
  if (place !== 'named') return place
  const path = await askPath(answers)
  return { path, device: { port: path, serialNumber: undefined } }
}

/** A board with a serial number is found again under any name of its port; one without is not told from others. */
function placeOfBoard({ path, serialNumber }: PortDescription): Place {
  return { path, device: { port: 'auto', serialNumber } }
}

function described({ path, serialNumber }: PortDescription): string {
  return `the board at ${path} (${serialNumber === undefined ? 'no serial number' : `serial number ${serialNumber}`})`
}

/** Throws a UsageError for a serial number beside a path: it tells boards apart only where they are looked for. */
export function checkPortOptions({ port, serialNumber }: Wizard['options']): void {
  if (port === undefined || port === 'auto') return
  if (serialNumber !== undefined) {
    throw new UsageError('--serial-number goes with --port auto: it tells one board from others')
  }
  if (!port.startsWith('/')) throw new UsageError(`--port ${port}: an absolute path or auto is needed`)
}
