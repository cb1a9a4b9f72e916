import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { parseDocument } from 'yaml'
import { isRefused, readKind } from '../../../src/config/index.js'
import { importSettings, type ImportedSettings, type SettingsSource } from '../../../src/migration/index.js'
import { parseChainId } from '../../../src/tezos/index.js'

export const TZ1 = 'tz1it3gNAe5nLjY6iqMNrmqFyWEL9p6GwSrv'
export const TZ2 = 'tz2F8DfsecohZ6QuBk2tPc2svRRgpN3hg9Vx'
export const TZ3 = 'tz3g4AnLYCcGY5sQvk6m2bxfBGFfXx4c1HfJ'
export const OTHER_TZ3 = 'tz3QaGkVCH9iVy4Rh7fQJobiQnc4yJpQKoMJ'
export const OTHER_TZ3_KEY = 'p2pk66cFnhgeSnHadR8wmkJTgiHcpAFpBA8m9mUkaQQ5ypTQVvZqrwN'
export const TZ4 = 'tz4HVR6aty9KwsQFHh81C1G7gBdhxT8kuytm'
export const TZ1_KEY = 'edpkuMtzfUL2Ak7CFrRcZX5Cg16qjzUajtJLM6scwk14uAoSVu3GmP'
export const TZ2_KEY = 'sppk7bVtxWb9fz4wC1RrrxCbhAnFhMmCEYKQT3L5hu6rZbpT2Pp82we'
export const TZ3_KEY = 'p2pk67eBNoroC9diBbG8hk3u5fcuFScmJ9N7YxCeuoveoU1AvCHcPcK'

/** An empty folder that is gone after the test, with some files in it. */
export function folderWith(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'tezio-settings-'))
  onTestFinished(() => {
    rmSync(folder, { recursive: true, force: true })
  })
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
  return folder
}

/** What one translation is told. */
export type Told = {
  readonly keys?: readonly string[]
  readonly chains?: readonly string[]
  readonly baseDir?: string
}

/** Settings, translated, with their configuration as data. */
export type Translated = ImportedSettings & { readonly settings: unknown }

function translate(from: SettingsSource['from'], words: readonly string[], told: Told): Translated {
  const imported = importSettings(
    { from, words },
    {
      keys: told.keys ?? [],
      chains: told.chains?.map((name) => parseChainId(name)!),
      baseDir: told.baseDir,
      isKind: (name) => !isRefused(readKind(name)),
    },
  )
  return { ...imported, settings: parseDocument(imported.config).toJS() as unknown }
}

/** A Signatory configuration of this text. */
export function fromSignatory(text: string, told: Told = {}): Translated {
  return translate('signatory', [join(folderWith({ 'signatory.yaml': text }), 'signatory.yaml')], told)
}

/** A keys.json of tacoinfra's remote-signer; text is taken as it is. */
export function fromTacoinfra(file: unknown, told: Told = {}): Translated {
  const text = typeof file === 'string' ? file : JSON.stringify(file)
  return translate('tacoinfra', [join(folderWith({ 'keys.json': text }), 'keys.json')], told)
}

/** octez-signer's command line, as words. */
export function fromWords(line: string, told: Told = { keys: [TZ3] }): Translated {
  return translate('octez', line.split(' '), told)
}

/** octez-signer's command line, in a file. */
export function fromScript(text: string, told: Told = { keys: [TZ3] }): Translated {
  return translate('octez', [join(folderWith({ script: text }), 'script')], told)
}

/** What was left out, each as its name. */
export function leftOut({ notCarriedOver }: Translated): readonly string[] {
  return notCarriedOver.map(({ setting }) => setting)
}
