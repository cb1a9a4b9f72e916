import { execFileSync } from 'node:child_process'
import { describe, expect, test } from 'vitest'
import { cli, PROGRAM } from '../e2e/daemon.js'

/** What the program offers for the words typed so far; the last one is being typed. */
async function offered(...words: readonly string[]): Promise<readonly string[]> {
  const { stdout } = await cli('complete', '--', ...words)
  return stdout.split('\n').flatMap((line) => (/^[^:\t]/.test(line) ? [line.split('\t')[0] ?? ''] : []))
}

describe('completion', () => {
  test('offers commands, what is below them, and options', async () => {
    const typed = [['ma'], ['marks', 'ra'], ['marks', 'raise', '--le'], ['nothing-like-this']]
    expect(await Promise.all(typed.map((words) => offered(...words)))).toEqual([
      ...[['marks'], ['raise'], ['--level'], []],
    ])
  })

  test('knows the values that an option takes', async () => {
    expect(await offered('serve', '--log-level', '')).toEqual(['debug', 'info', 'warn', 'error'])
  })

  test.each(['bash', 'zsh', 'fish', 'powershell'])('has a script for %s', async (shell) => {
    const { code, stdout } = await cli('completion', shell)
    expect(code).toBe(0)
    expect(stdout).toContain('tezio-bridge')
  })

  test('works in a real bash', async () => {
    const { stdout: script } = await cli('completion', 'bash')
    // bash-completion's own helper, as far as the script needs it
    const helper = '_get_comp_words_by_ref() { cur=${COMP_WORDS[COMP_CWORD]}; words=("${COMP_WORDS[@]}"); }'
    const program = `tezio-bridge() { ${JSON.stringify(process.execPath)} ${JSON.stringify(PROGRAM)} "$@"; }`
    const typed = 'COMP_WORDS=(tezio-bridge marks se); COMP_CWORD=2; COMP_LINE="tezio-bridge marks se"'
    const ask = '$(complete -p tezio-bridge | sed -n "s/.*-F \\([^ ]*\\).*/\\1/p"); echo "${COMPREPLY[@]}"'
    const lines = [helper, program, script, typed, ask].join('\n')
    expect(execFileSync('bash', ['-c', lines], { encoding: 'utf8' })).toMatch(/^seed\b/)
  })

  test('refuses a shell that it does not know', async () => {
    expect((await cli('completion', 'tcsh')).code).toBe(64)
  })
})
