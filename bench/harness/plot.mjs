import * as echarts from 'echarts'

const SIZE = { width: 860, height: 420 }
const GRID = { left: 70, right: 30, top: 80, bottom: 60 }
const COLOURS = ['#0b6e99', '#d9730d', '#6940a5', '#448361', '#ad1a72', '#9f6b53', '#787774', '#dfab01']

/**
 * Latency by percentile, as HDR histograms are read: each step to the right is rarer by the same factor. `isLog` is for
 * long tails, and an axis that is not `isFromZero` for what differs by little of the whole.
 */
export function percentilePlot(title, distributions, { isLog = false, isFromZero = true } = {}) {
  const rarity = (percent) => 1 / (1 - percent / 100)
  return draw(title, {
    xAxis: {
      ...axis('percentile'),
      ...{ type: 'log', logBase: 10, min: 1 },
      axisLabel: { formatter: (value) => `${Number((100 - 100 / value).toFixed(3))} %` },
    },
    yAxis: { ...axis('ms'), type: isLog ? 'log' : 'value', scale: !isFromZero },
    series: Object.entries(distributions).map(([name, distribution]) => ({
      ...{ name, type: 'line', showSymbol: false },
      data: distribution.curve().map(([percent, ms]) => [rarity(percent), ms]),
    })),
  })
}

/** Bars made of parts: `bars` maps a bar's name to what each part, by its name, adds to it. */
export function stackPlot(title, unit, bars) {
  const names = Object.keys(bars)
  const parts = [...new Set(names.flatMap((name) => Object.keys(bars[name])))]
  return draw(title, {
    grid: { ...GRID, left: 190 },
    xAxis: { ...axis(unit), type: 'value' },
    yAxis: { type: 'category', data: names, inverse: true },
    series: parts.map((part) => ({
      ...{ name: part, type: 'bar', stack: 'all', barMaxWidth: 40 },
      data: names.map((name) => bars[name][part] ?? 0),
    })),
  })
}

/** Lines over a numeric axis: `lines` maps a line's name to its points. `x` and `y` name the axes, with their units. */
export function linePlot(title, { x, y, isLog = false, logBase = 10 }, lines) {
  return draw(title, {
    xAxis: {
      ...axis(x),
      ...(isLog ? { type: 'log', logBase } : { type: 'value', min: 'dataMin', max: 'dataMax' }),
    },
    yAxis: { ...axis(y), type: 'value', min: 0 },
    series: Object.entries(lines).map(([name, data]) => ({
      ...{ name, type: 'line', showSymbol: data.length < 30, data },
    })),
  })
}

function axis(name) {
  return { name, nameLocation: 'middle', nameGap: 35 }
}

/** The picture as SVG text. */
function draw(text, option) {
  const chart = echarts.init(null, null, { renderer: 'svg', ssr: true, ...SIZE })
  const legend = { top: 40, type: 'plain', itemGap: 30 } // texts come out wider than they are taken for
  chart.setOption({
    ...{ animation: false, backgroundColor: '#ffffff', color: COLOURS, grid: GRID },
    ...{ title: { text, left: 'center', textStyle: { fontSize: 16 } }, legend },
    ...option,
  })
  const svg = chart.renderToSVGString()
  chart.dispose()
  return svg
}
