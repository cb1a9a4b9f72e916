import { readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { AxeResults } from 'axe-core'
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it as test } from 'vitest'
import { whyMissing } from '../debian-package.js'
import { createSimulatedTezio, FaultRack } from '../../hw-sim/index.js'
import { transcriptKeys } from '../device/support.js'
import { START_MS } from './abuse/target.js'
import { ADDRESS, BAKING_CONFIG, Bench, sign, type Daemon } from './daemon.js'
import { expectNoSideways, look, picture, reads, startBrowser, untilLive } from './page-bench.js'
import { attestation, block, operation, preattestation } from './payloads.js'

const missing = whyMissing('chromium')
if (missing !== '') console.warn(`the operator's page is not tested in a browser: ${missing}`)
const it = test.skipIf(missing !== '')

let browser: Browser
const benches: Bench[] = []
beforeAll(async () => {
  if (missing === '') browser = await startBrowser()
}, 60_000)
afterEach(async () => {
  for (const bench of benches.splice(0)) await bench.close()
})
afterAll(async () => {
  for (const { bench } of Object.values(shared)) await bench.close()
  if (missing === '') await browser.close()
})

type Served = {
  readonly bench: Bench
  readonly daemon: Daemon
  readonly url: string
  readonly admin: string
}

async function served(config?: string, simulated?: ConstructorParameters<typeof Bench>[1]): Promise<Served> {
  const bench = new Bench(config, simulated)
  benches.push(bench)
  expect(await bench.init()).toMatchObject({ code: 0 })
  const daemon = await bench.started()
  return { bench, daemon, url: await daemon.url(), admin: await daemon.adminUrl() }
}

/** Daemons of several tests: nothing is ever asked of the fresh one. */
const shared: { fresh?: Served; busy?: Served } = {}

async function keep(name: keyof typeof shared): Promise<Served> {
  const found = shared[name] ?? (await served())
  if (shared[name] === undefined && name === 'busy') await aBusyHour(found.url)
  shared[name] = found
  benches.splice(0)
  return found
}

/** A word in the page's memory, which a page that is loaded again has not. */
const MARK = { set: 'window.__mark = "here"', get: 'window.__mark' }

/** Whether the same document is still there: nothing loaded it again. */
const isSameDocument = async (page: Page) => (await page.evaluate(MARK.get)) === 'here'

/** Some of everything: signed, repeated and refused, and the warning that follows. */
async function aBusyHour(url: string): Promise<void> {
  const repeated = block(9_000_001)
  for (const payload of [preattestation(9_000_001), attestation(9_000_001), repeated, repeated]) {
    expect((await sign(url, ADDRESS.tz3, payload)).status).toBe(200)
  }
  expect((await sign(url, ADDRESS.tz1, operation())).status).toBe(200)
  expect((await sign(url, ADDRESS.tz3, block(9_000_001))).code).toBe('conflicts-with-mark')
  expect((await sign(url, ADDRESS.tz1, block(5))).code).toBe('magic-byte-not-allowed')
}

describe("the operator's page", { timeout: START_MS }, () => {
  it('of a fresh daemon says that all is well and that nothing was asked yet', async () => {
    const { admin } = await keep('fresh')
    const { page, complaints } = await look(browser, admin, { viewport: { width: 1440, height: 900 } })
    await untilLive(page)
    expect(await page.title()).toBe('Ready (1 warning) – tezio-bridge')
    expect(await page.locator('link[rel=icon]').getAttribute('href')).toMatch(/\/warning\.svg$/)
    await reads(page, 'verdict', /SIMULATED.*Ready to sign.*1 warning/s)
    await reads(page, 'latency', 'No signature in the last hour.')
    await reads(page, 'decisions', 'Nothing was asked since the start.')
    await reads(page, 'requests', '0 of 100 places')
    for (const address of Object.values(ADDRESS)) await reads(page, 'keys', address)
    expect(await page.locator('#marks td .level').allTextContents()).toEqual(['0 / 0', '0 / 0', '0 / 0'])
    await picture(page, 'empty-1440')
    expect(complaints).toEqual([])
  })

  it('shows what happens while somebody looks, and leaves alone what the reader unfolded and focused', async () => {
    const { admin, url, bench, daemon } = await served()
    const { page, complaints } = await look(browser, admin)
    await untilLive(page)
    await page.evaluate(MARK.set)
    const firstLevel = 9_000_000
    await sign(url, ADDRESS.tz3, block(firstLevel))
    await reads(page, 'marks', `${firstLevel} / 0`)
    await page.locator('#latency-plot canvas').waitFor()
    await page.locator('#latency summary').click()
    const copy = page.locator('button.copy').nth(2)
    await copy.focus()
    await aBusyHour(url)
    await page.locator('#decisions tbody tr').nth(7).waitFor()
    expect(await page.locator('#latency details').getAttribute('open')).not.toBeNull()
    expect(
      await page.evaluate('document.activeElement === document.querySelectorAll("button.copy")[2]'),
    ).toBe(true)
    const refused = page.locator('tr[data-outcome=refused]', { hasText: 'conflicts with mark' })
    expect(await refused.textContent()).toMatch(/another payload was already let through.*9000001 \/ 0/s)
    await reads(page, 'warnings', /Conflicting payload.*What to do: find the second baker/is)
    await reads(page, 'latency', /Signatures\s*6/)
    expect(await page.locator('.breakdown').first().locator('tbody th').allTextContents()).toEqual([
      ...['block', 'preattestation', 'attestation', 'operation'],
    ])

    await page.locator('#show-refused').check()
    const shown = () => page.locator('#decisions tbody tr:visible').count()
    expect(await shown()).toBe(2)
    await sign(url, ADDRESS.tz1, block(6))
    await page.locator('label', { hasText: 'refused 3' }).waitFor()
    expect(await shown()).toBe(3)

    // a reload of the configuration makes new apps, and ends no stream
    const streams: string[] = []
    page.on('request', (request) => streams.push(request.url()))
    writeFileSync(bench.config, BAKING_CONFIG.replace('\nadmin:', '\nverbose: true\nadmin:'))
    daemon.kill('SIGHUP')
    await daemon.line('config.reloaded')
    await sign(url, ADDRESS.tz3, block(firstLevel + 2))
    await reads(page, 'marks', `${firstLevel + 2} / 0`)
    expect(streams).toEqual([])
    expect(await isSameDocument(page)).toBe(true)
    expect(complaints).toEqual([])
  })

  it('says that the board is gone, why and what to do, and that it is back', async () => {
    const { admin, bench, daemon } = await served()
    const { page, complaints } = await look(browser, admin)
    await untilLive(page)
    await page.evaluate(MARK.set)
    bench.port.unplug()
    await reads(page, 'verdict', /Not ready to sign.*the device is closed/s)
    await reads(page, 'warnings', /What to do: (?:check the cable|plug the board in)/)
    await reads(page, 'device', /Not connected.*Last error.*What to do/s)
    expect(await page.title()).toMatch(/^Not ready \(2 warnings\)/)
    expect(await page.locator('link[rel=icon]').getAttribute('href')).toMatch(/\/not-ready\.svg$/)
    const since = page.locator('#verdict .since time')
    const [goneAt] = [await since.getAttribute('datetime')]
    const from = daemon.lines.length
    bench.port.replug()
    await daemon.line('device.ready', from)
    await reads(page, 'verdict', 'Ready to sign')
    await reads(page, 'device', /Reconnects\s*1/)
    expect(await since.getAttribute('datetime')).not.toBe(goneAt)
    expect(await isSameDocument(page)).toBe(true)
    expect(complaints).toEqual([])
  })

  it('says that the daemon is gone, greys what it knew, and comes back with it; the daemon ends at once', async () => {
    const { admin, url, bench, daemon } = await served()
    writeFileSync(
      bench.config,
      BAKING_CONFIG.replace(/admin:.*/, `admin: { listen: "${new URL(admin).host}" }`),
    )
    const { page } = await look(browser, admin)
    await untilLive(page)
    await page.evaluate(MARK.set)
    await sign(url, ADDRESS.tz3, block(7))
    await reads(page, 'requests', /Signed\s*1/)
    const stoppedAt = performance.now()
    daemon.kill('SIGTERM')
    expect(await daemon.exit).toBe(0)
    expect(performance.now() - stoppedAt).toBeLessThan(3000) // and not at the end of the 4.5 s of grace
    const said = page.getByText(
      /^Connection to the daemon lost since \d\d:\d\d:\d\d UTC; values are from \d\d:\d\d:\d\d UTC$/,
    )
    await said.waitFor()
    expect(await page.evaluate('getComputedStyle(document.querySelector("main")).filter')).toBe(
      'grayscale(1)',
    )
    expect(await page.title()).toBe('Connection lost – tezio-bridge')
    await reads(page, 'requests', /Signed\s*1/)
    await bench.started()
    await untilLive(page)
    await reads(page, 'requests', /Signed\s*0/)
    await reads(page, 'marks', '7 / 0')
    expect(await isSameDocument(page)).toBe(true)
  })

  it('loads itself again when another version serves it', async () => {
    const { admin } = await keep('fresh')
    const { page } = await look(browser, admin, {
      before: async (page) => {
        let isFirst = true
        await page.route(admin + '/', async (route) => {
          const response = await route.fetch()
          const body = (await response.text()).replace(/data-build="\w+"/, 'data-build="of-an-older-one"')
          await route.fulfill(isFirst ? { response, body } : { response })
          isFirst = false
        })
      },
    })
    await untilLive(page)
    expect(await page.locator('html').getAttribute('data-build')).toMatch(/^[0-9a-f]{16}$/)
  })

  it('shows a key in quarantine and what to do', async () => {
    const simulated = createSimulatedTezio({ keys: transcriptKeys() })
    const { admin, url, bench } = await served(undefined, simulated)
    new FaultRack({ device: simulated, port: bench.port }).arm('repeated-r')
    for (const level of [1, 2]) await sign(url, ADDRESS.tz3, attestation(level))
    const { page, complaints } = await look(browser, admin)
    await reads(page, 'warnings', /key quarantined.*What to do:.*clear-quarantine/is)
    const row = page.locator('#keys tbody tr', { hasText: ADDRESS.tz3 })
    expect(await row.textContent()).toContain('quarantine')
    expect(complaints).toEqual([])
  })

  it('tells the whole state without any script', async () => {
    const { admin } = await keep('busy')
    const { page, complaints } = await look(browser, admin, { javaScriptEnabled: false })
    await reads(page, 'verdict', /Ready to sign.*2 warnings.*since \d\d:\d\d:\d\d UTC/s)
    await reads(page, 'decisions', 'another payload was already let through')
    await reads(page, 'marks', '9000001 / 0')
    await page.getByText('Without its script this page is the state of').waitFor()
    expect(await page.locator('button.copy:visible').count()).toBe(0)
    await page.locator('#show-refused').check()
    expect(await page.locator('#decisions tbody tr:visible').count()).toBe(2)
    expect(complaints).toEqual([])
  })

  it('takes no text for markup', async () => {
    const bench = new Bench()
    benches.push(bench)
    await bench.init()
    const evil = `${bench.folder}/<img src=x onerror="document.title='broken'"><b id=evil>`
    const daemon = bench.start('--port', evil)
    await daemon.line('device.open-failed')
    const { page, complaints } = await look(browser, await daemon.adminUrl())
    await untilLive(page)
    await reads(page, 'verdict', evil)
    await reads(page, 'device', evil)
    expect(await page.locator('main img, main script, #evil').count()).toBe(0)
    expect(await page.title()).toMatch(/^Not ready/)
    expect(complaints).toEqual([])
  })

  it('asks from time to time when too many others look on', async () => {
    const { admin, url } = await served()
    const others = new AbortController()
    const streams = await Promise.all(
      Array.from({ length: 200 }, () => fetch(`${admin}/api/events`, { signal: others.signal })),
    )
    expect(new Set(streams.map(({ status }) => status))).toEqual(new Set([200]))
    const refused = await fetch(`${admin}/api/events`)
    expect([refused.status, await refused.json()]).toMatchObject([503, { code: 'too-many-viewers' }])
    const { page } = await look(browser, admin)
    await page.getByText('asks every 5 s: too many others look on').waitFor()
    await sign(url, ADDRESS.tz3, block(8))
    await reads(page, 'marks', '8 / 0')
    others.abort()
  })
})

describe("the operator's page for everybody", { timeout: START_MS }, () => {
  const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

  /** The page of a busy hour, with its policy off: axe-core is put into it. */
  async function opened(admin: string, width: number, colorScheme: 'light' | 'dark'): Promise<Page> {
    const { page } = await look(browser, admin, {
      ...{ viewport: { width, height: 900 }, colorScheme, bypassCSP: true, reducedMotion: 'reduce' },
    })
    await untilLive(page)
    return page
  }

  async function faults(page: Page): Promise<readonly string[]> {
    await page.evaluate(axe)
    const { violations } = await page.evaluate<AxeResults>('axe.run()')
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`)
  }

  it.each([
    [360, 'light'],
    [360, 'dark'],
    [768, 'light'],
    [1440, 'light'],
    [1440, 'dark'],
  ] as const)(
    'can be read %i pixels wide, %s, and has no fault that axe-core knows',
    async (width, scheme) => {
      const { admin } = await keep('busy')
      const page = await opened(admin, width, scheme)
      await page.locator('#latency-plot canvas').waitFor()
      await expectNoSideways(page)
      await picture(page, `busy-${width}-${scheme}`)
      await page.locator('#latency summary').click()
      expect(await faults(page)).toEqual([])
    },
  )

  it('has no such fault while the board is gone', async () => {
    const { admin, bench } = await keep('busy')
    bench.port.unplug()
    const page = await opened(admin, 360, 'dark')
    await reads(page, 'verdict', 'Not ready')
    expect(await faults(page)).toEqual([])
  })

  it('copies an address by keyboard; where the clipboard is closed it selects the address', async () => {
    const { admin } = await keep('fresh')
    const atFirstCopy = async (page: Page) => {
      await untilLive(page)
      for (let presses = 0; presses < 5; presses += 1) {
        await page.keyboard.press('Tab')
        if ((await page.evaluate('document.activeElement.className')) === 'copy') return
      }
      throw new Error('no copy button within five steps')
    }
    const open = await look(browser, admin, { permissions: ['clipboard-read', 'clipboard-write'] })
    await atFirstCopy(open.page)
    await open.page.keyboard.press('Enter')
    await open.page.locator('#announcer', { hasText: 'Copied' }).waitFor({ state: 'attached' })
    expect(await open.page.evaluate('navigator.clipboard.readText()')).toBe(ADDRESS.tz1)

    const closed = await look(browser, admin, {
      before: (page) =>
        page.addInitScript('Object.defineProperty(navigator, "clipboard", { value: undefined })'),
    })
    await atFirstCopy(closed.page)
    await closed.page.keyboard.press('Enter')
    await closed.page.locator('#announcer', { hasText: 'Selected' }).waitFor({ state: 'attached' })
    expect(await closed.page.evaluate('getSelection().toString()')).toBe(ADDRESS.tz1)
    expect([...open.complaints, ...closed.complaints]).toEqual([])
  })
})
