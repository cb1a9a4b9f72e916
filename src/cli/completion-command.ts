import tab from '@bomb.sh/tab/commander'
import type { Command } from 'commander'

/** `tezio-bridge completion SHELL`, and the hidden command that the shell asks while a line is typed. */
export function addCompletion(program: Command): void {
  tab(program, { completionCommandName: 'completion' })
}
