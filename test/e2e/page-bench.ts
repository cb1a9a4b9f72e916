import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core'
import { expect, onTestFinished } from 'vitest'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))

/** How long a browser on a busy machine may take to show something, in ms. */
const PATIENCE_MS = 30_000

/**
 * A browser with a profile of its own. Start it before any simulated board: a program that is started later inherits
 * the board's end of the terminal, and while it holds that, pulling the plug pulls nothing.
 */
export function startBrowser(): Promise<Browser> {
  const quiet = ['background-networking', 'component-update', 'sync', 'gpu', 'quic']
  return chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: ['--headless', '--no-sandbox', '--no-first-run', ...quiet.map((name) => `--disable-${name}`)],
  })
}

/** A page that somebody looks at, and what the browser complained of. */
export type Seen = { readonly page: Page; readonly complaints: string[] }

/** Opens the operator's page. `complaints` gets errors, violations of its policy, and requests that leave its origin. */
export async function look(
  browser: Browser,
  url: string,
  options: BrowserContextOptions & { readonly before?: (page: Page) => Promise<unknown> } = {},
): Promise<Seen> {
  const { before, ...rest } = options
  const context = await browser.newContext(rest)
  onTestFinished(() => context.close())
  const page = await context.newPage()
  page.setDefaultTimeout(PATIENCE_MS)
  const complaints: string[] = []
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text())
  })
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('request', (request) => {
    if (new URL(request.url()).origin !== url) complaints.push(`a request for ${request.url()}`)
  })
  await before?.(page)
  await page.goto(url)
  return { page, complaints }
}

/** Waits until the page hears of changes by itself. */
export async function untilLive(page: Page): Promise<void> {
  await page.locator('html[data-link=live]').waitFor()
}

/** Waits until a section reads so. */
export async function reads(page: Page, section: string, text: string | RegExp): Promise<void> {
  await page.locator(`#${section}`, { hasText: text }).waitFor()
}

/** Keeps a picture of the whole page for people, below reports/. */
export async function picture(page: Page, name: string): Promise<void> {
  const folder = join(ROOT, 'reports/screenshots')
  mkdirSync(folder, { recursive: true })
  await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true })
}

/** Nothing is wider than the window: nobody has to scroll sideways. */
export async function expectNoSideways(page: Page): Promise<void> {
  const widths = await page.evaluate('[document.documentElement.scrollWidth, innerWidth]')
  const [content, window] = widths as [number, number]
  expect(content).toBeLessThanOrEqual(window)
}
