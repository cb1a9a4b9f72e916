import { describe, expect, test } from 'vitest'
import { runCli } from '../../src/cli/program.js'

async function said(...args: readonly string[]): Promise<string> {
  let text = ''
  const collect = (part: string) => void (text += part)
  await runCli(args, { out: collect, err: collect })
  return text
}

describe('serve', () => {
  test('has the same help where it stands first, without the other commands, as behind an option', async () => {
    const help = await said('serve', '--help')
    expect(help).toContain('Exit codes:')
    expect(await said('--config', 'config.yaml', 'serve', '--help')).toBe(help)
  })

  test('as the value of an option is not taken for the command', async () => {
    expect(await said('--config', 'serve', 'config', 'check')).toMatch(/^tezio-bridge: serve\b/)
  })
})
