import type uPlotType from 'uplot'
import type { LiveSample } from './live-message.js'
import { SERIES, shapeOf, type Series } from './plot-shapes.js'

declare const uPlot: typeof uPlotType

const WINDOW_MS = 60 * 60 * 1000

/** The plot of the last hour's signatures. It draws where the page has a place for it, and else waits for one. */
export class LatencyPlot {
  #samples: LiveSample[] = []
  #plot: uPlotType | undefined
  #place: HTMLElement | undefined
  #nowMs = 0
  readonly #resized = new ResizeObserver(() => {
    this.#resize()
  })

  constructor() {
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.#plot?.redraw())
  }

  /** Takes new samples in, in the order of their times; `nowMs` is the right edge. */
  show(samples: readonly LiveSample[], isWhole: boolean, nowMs: number): void {
    this.#samples = isWhole ? [...samples] : [...this.#samples, ...samples]
    this.#nowMs = nowMs
    const since = nowMs - WINDOW_MS
    this.#samples = this.#samples.filter(([atMs]) => atMs >= since)
    this.#draw()
  }

  #draw(): void {
    const place = document.getElementById('latency-plot') ?? undefined
    if (place !== this.#place) this.#move(place)
    if (place === undefined) return
    const data = dataOf(this.#samples)
    if (this.#plot === undefined) {
      this.#plot = new uPlot(
        options(place, () => this.#nowMs),
        data,
        place,
      )
      this.#resized.observe(place)
    } else this.#plot.setData(data)
  }

  #move(place: HTMLElement | undefined): void {
    this.#resized.disconnect()
    this.#plot?.destroy()
    this.#plot = undefined
    this.#place = place
  }

  #resize(): void {
    if (this.#place !== undefined) this.#plot?.setSize(sizeOf(this.#place))
  }
}

function sizeOf({ clientWidth: width, clientHeight: height }: HTMLElement) {
  return { width, height }
}

function dataOf(samples: readonly LiveSample[]): uPlotType.AlignedData {
  const kinds = new Set<string>(SERIES)
  const column = (name: Series) =>
    samples.map(([, totalMs, deviceMs, kind]) => {
      if (name === 'device') return deviceMs > 0 ? deviceMs : null
      return (kinds.has(kind) ? kind : 'other') === name ? totalMs : null
    })
  return [samples.map(([atMs]) => atMs / 1000), ...SERIES.map(column)]
}

function options(place: HTMLElement, nowMs: () => number): uPlotType.Options {
  const colour = (name: string) => () => getComputedStyle(place).getPropertyValue(name)
  const axis = { stroke: colour('--muted'), font: '12px system-ui, sans-serif' }
  const grid = { stroke: colour('--line'), width: 1 }
  return {
    ...sizeOf(place),
    cursor: { show: false },
    legend: { show: false },
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), 'Etc/UTC'),
    scales: {
      x: { range: () => [(nowMs() - WINDOW_MS) / 1000, nowMs() / 1000] },
      y: { range: (_plot, _min, max) => [0, Math.max(1, max * 1.1)] },
    },
    axes: [
      { ...axis, grid: { show: false }, ticks: grid, values: '{HH}:{mm}', space: 70 },
      {
        ...axis,
        grid,
        ticks: { show: false },
        size: 58,
        values: (_plot, ticks) => ticks.map((ms) => `${ms} ms`),
      },
    ],
    series: [{}, ...SERIES.map((name) => seriesOf(name, colour(`--plot-${name}`)))],
  }
}

function seriesOf(name: Series, colour: () => string): uPlotType.Series {
  return {
    label: name,
    stroke: colour,
    paths: () => null,
    points: {
      show: (plot, index, first, last) => {
        drawPoints(plot, { name, index, colour: colour() }, first, last)
        return false // drawn
      },
    },
  }
}

type Points = { readonly name: Series; readonly index: number; readonly colour: string }

function drawPoints(plot: uPlotType, { name, index, colour }: Points, first: number, last: number): void {
  const { ctx, data } = plot
  const [seconds] = data
  const values = data[index] ?? []
  const { shape, isOutline } = shapeOf(name)
  ctx.save()
  ctx.strokeStyle = colour
  ctx.fillStyle = colour
  ctx.lineWidth = 1.5 * devicePixelRatio
  for (let at = first; at <= last; at += 1) {
    const [second, value] = [seconds[at], values[at]]
    if (second === undefined || value === undefined || value === null) continue
    const path = new Path2D()
    const [x, y] = [plot.valToPos(second, 'x', true), plot.valToPos(value, 'y', true)]
    path.addPath(shape, new DOMMatrix().translate(x, y).scale(devicePixelRatio))
    if (!isOutline) ctx.fill(path)
    else ctx.stroke(path)
  }
  ctx.restore()
}
