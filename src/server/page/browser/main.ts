import { showAges } from './ages.js'
import { enableCopying } from './copy.js'
import { follow, type Link } from './follow.js'
import type { LiveMessage } from './live-message.js'
import { morph } from './morph.js'
import { LatencyPlot } from './plot.js'

const root = document.documentElement
const link = document.getElementById('link')
const announcer = document.getElementById('announcer')
const icon = document.querySelector<HTMLLinkElement>('link[rel=icon]')
const plot = new LatencyPlot()

/** What the page was told last, and when by the clock of this browser. */
let state = root.dataset['state'] ?? ''
let toldAt = root.dataset['at'] ?? ''
let heardAtMs = Date.now()
let lostAtMs: number | undefined

function apply(message: LiveMessage): void {
  if (message.build !== root.dataset['build']) {
    location.reload() // another version serves now
    return
  }
  heardAtMs = Date.now()
  toldAt = message.at
  state = message.state
  for (const [id, html] of Object.entries(message.sections)) replaceSection(id, html)
  plot.show(message.samples, message.whole, Date.parse(message.at))
  document.title = message.title
  showIcon(state)
  tick()
}

function replaceSection(id: string, html: string): void {
  const section = document.getElementById(id)
  if (section === null) return
  const wanted = document.createElement('section')
  wanted.innerHTML = html // made by the daemon's own templates, which escape; the page's policy runs no script in it
  morph(section, wanted)
}

function showLink(now: Link): void {
  if (now === 'lost') {
    lostAtMs ??= Date.now()
    document.title = 'Connection lost – tezio-bridge'
    showIcon('lost')
  } else lostAtMs = undefined
  root.dataset['link'] = now
  setText(link, linkText(now))
}

function linkText(now: Link): string {
  if (now === 'live') return 'live'
  if (now === 'asking') return 'asks every 5 s: too many others look on for live changes'
  const since = clockTime(new Date(lostAtMs ?? Date.now()).toISOString())
  return `Connection to the daemon lost since ${since}; values are from ${clockTime(toldAt)}`
}

function clockTime(iso: string): string {
  return `${iso.slice(11, 19)} UTC`
}

function showIcon(name: string): void {
  const href = icon?.href.replace(/[^/]*$/, `${name}.svg`)
  if (icon !== null && href !== undefined && icon.href !== href) icon.href = href
}

function setText(element: Element | null, text: string): void {
  if (element !== null && element.textContent !== text) element.textContent = text
}

/** Ages go on while the daemon is there; what is old stays as old as it was when the connection was lost. */
function tick(): void {
  if (lostAtMs === undefined) showAges(Date.parse(toldAt) + Date.now() - heardAtMs)
}

root.classList.add('scripted')
enableCopying((text) => {
  setText(announcer, text)
})
setInterval(tick, 1000)
follow({ onMessage: apply, onLink: showLink })
