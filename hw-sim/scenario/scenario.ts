import type { CommandName } from '../firmware/command-name.js'

/** Which commands a step is about: all that is given must hold. Without anything: every packet. */
export type StepTrigger = {
  /** Only the Nth of the commands that the rest allows, from 1, counted from the start of the scenario. */
  readonly nth?: number
  readonly command?: CommandName
  /** The first byte of what is to be signed or verified. */
  readonly magic?: number
  /** The level of a block or vote that is to be signed or verified: this one, or this one and above. */
  readonly level?: { readonly relation: '=' | '>='; readonly level: number }
  /** From this moment on, in milliseconds since the start of the scenario. */
  readonly from_ms?: number
  /** Before this moment. */
  readonly until_ms?: number
  /** With this probability, above 0 and at most 1; `seed` makes it the same every time. */
  readonly chance?: number
  readonly seed?: number
}

/** One step: what happens, and to which commands, or at which moment without any. */
export type ScenarioStep = {
  readonly on:
    | { readonly kind: 'commands'; readonly trigger: StepTrigger }
    | { readonly kind: 'moment'; readonly at_ms: number }
  /** The name of a fault. */
  readonly do: string
  /** Its parameters, complete. */
  readonly with: Readonly<Record<string, unknown>>
  /** After striking so often the step is over. */
  readonly times?: number
}

/** A day in the life of a device. */
export type Scenario = {
  readonly file: string
  /** One sentence. */
  readonly teaches: string
  readonly steps: readonly ScenarioStep[]
}
