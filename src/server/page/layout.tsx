import { raw } from 'hono/html'
import type { Assets } from './assets.js'
import { html } from './html.js'
import { SECTIONS, type Snapshot } from './snapshot.js'
import { At, exactly } from './words.js'

/** The whole document: true as it stands, without any script. */
export function document({ report, state, title, sections }: Snapshot, { build }: Assets): string {
  const asset = (name: string) => `/assets/${build}/${name}`
  const page = (
    <html lang="en" data-build={build} data-at={report.at} data-state={state}>
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>{title}</title>
        <link rel="icon" type="image/svg+xml" href={asset(`${state}.svg`)} />
        <link rel="stylesheet" href={asset('uplot.css')} />
        <link rel="stylesheet" href={asset('page.css')} />
        <script src={asset('uplot.js')} defer />
        <script type="module" src={asset('main.js')} />
      </head>
      <body>
        <header class="top">
          <h1>tezio-bridge</h1>
          <span class="version">{report.version}</span>
          <p class="link" id="link" role="status">
            state of <At at={report.at} now={report.at} /> UTC
          </p>
        </header>
        <main>
          {SECTIONS.map((id) => (
            <section id={id} aria-labelledby={`${id}-title`}>
              {raw(sections[id])}
            </section>
          ))}
        </main>
        <footer>
          <p>
            All times are UTC. This page only shows: nothing on it can sign or change a mark. The same as
            data: <a href="/api/status">/api/status</a>, <a href="/metrics">/metrics</a>.
          </p>
          <p class="unscripted">
            Without its script this page is the state of {exactly(report.at)}: load the page again for a newer
            one.
          </p>
          <p id="announcer" class="unseen" role="status" />
        </footer>
      </body>
    </html>
  )
  return `<!doctype html>${html(page)}`
}
