/** Plots over time, as SVG and nothing else: panels one below the other with a common time axis. */

export interface Line {
  readonly label: string
  readonly values: readonly (number | undefined)[]
}

export interface Panel {
  readonly title: string
  readonly unit: string
  readonly lines: readonly Line[]
  /** For values over several orders of magnitude. */
  readonly isLogarithmic?: boolean
}

const width = 1000
const panelHeight = 170
const margin = { left: 70, right: 130, top: 30, bottom: 24 }
const colours = ['#1f6feb', '#d1242f', '#2da44e', '#8250df', '#bf8700', '#57606a']

/** @param seconds of each value of the lines, ascending */
export function plot(title: string, seconds: readonly number[], panels: readonly Panel[]): string {
  const height = 40 + panels.length * (panelHeight + margin.top + margin.bottom)
  const body = panels.map((panel, i) => panelSvg(panel, seconds, 40 + i * (panelHeight + margin.top + margin.bottom)))
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="11">`,
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    `<text x="${margin.left}" y="24" font-size="15" font-weight="bold">${escapeXml(title)}</text>`,
    ...body,
    '</svg>\n',
  ].join('\n')
}

function panelSvg({ title, unit, lines, isLogarithmic }: Panel, seconds: readonly number[], top: number): string {
  const values = lines.flatMap((line) => line.values.filter((value) => value !== undefined && Number.isFinite(value)))
  const most = values.reduce<number>((a, b) => Math.max(a, b!), isLogarithmic ? 0.1 : 1e-9)
  const positive = values.filter((value) => value! > 0)
  const least = isLogarithmic ? positive.reduce<number>((a, b) => Math.min(a, b!), most) : 0
  const ticks = isLogarithmic ? decades(least, most) : linearTicks(most)
  const [low, high] = [ticks[0]!, Math.max(ticks.at(-1)!, most)]
  const [x0, x1, y0] = [margin.left, width - margin.right, top + margin.top]
  const [first, last] = [seconds[0] ?? 0, seconds.at(-1) ?? 1]
  const x = (second: number) => x0 + ((second - first) / Math.max(1e-9, last - first)) * (x1 - x0)
  const part = (value: number) =>
    isLogarithmic
      ? Math.log(Math.max(value, low) / low) / Math.max(1e-9, Math.log(high / low))
      : (value - low) / (high - low)
  const y = (value: number) => y0 + panelHeight * (1 - part(value))
  const out = [`<text x="${x0}" y="${top + 20}" font-weight="bold">${escapeXml(`${title} (${unit})`)}</text>`]
  for (const tick of ticks) {
    out.push(`<line x1="${x0}" x2="${x1}" y1="${y(tick).toFixed(1)}" y2="${y(tick).toFixed(1)}" stroke="#ddd"/>`)
    out.push(`<text x="${x0 - 6}" y="${(y(tick) + 4).toFixed(1)}" text-anchor="end">${tickText(tick)}</text>`)
  }
  for (const second of timeTicks(first, last)) {
    const text = last - first >= 300 ? `${Math.round(second / 60)} min` : `${second} s`
    out.push(`<text x="${x(second).toFixed(1)}" y="${y0 + panelHeight + 15}" text-anchor="middle">${text}</text>`)
  }
  for (const [i, line] of lines.entries()) {
    const colour = colours[i % colours.length]!
    out.push(`<path d="${path(line.values, seconds, x, y)}" fill="none" stroke="${colour}"/>`)
    out.push(`<text x="${x1 + 8}" y="${y0 + 12 + i * 15}" fill="${colour}">${escapeXml(line.label)}</text>`)
  }
  return out.join('\n')
}

function path(
  values: readonly (number | undefined)[],
  seconds: readonly number[],
  x: (second: number) => number,
  y: (value: number) => number,
): string {
  let isDown = false
  const steps: string[] = []
  for (const [i, value] of values.entries()) {
    if (value === undefined || !Number.isFinite(value)) {
      isDown = false
      continue
    }
    steps.push(`${isDown ? 'L' : 'M'}${x(seconds[i]!).toFixed(1)} ${y(value).toFixed(1)}`)
    isDown = true
  }
  return steps.join('')
}

function linearTicks(most: number): number[] {
  const step = niceStep(most / 4)
  return Array.from({ length: Math.ceil(most / step) + 1 }, (_, i) => i * step)
}

function decades(least: number, most: number): number[] {
  const ticks = [10 ** Math.floor(Math.log10(least))]
  while (ticks.at(-1)! < most) ticks.push(ticks.at(-1)! * 10)
  return ticks
}

function timeTicks(first: number, last: number): number[] {
  const step = last - first >= 300 ? Math.ceil((last - first) / 60 / 6) * 60 : niceStep(Math.max(1, last - first) / 6)
  const ticks: number[] = []
  for (let at = Math.ceil(first / step) * step; at <= last; at += step) ticks.push(at)
  return ticks
}

/** The next of 1, 2, 5, 10, 20, … */
function niceStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least))
  return [1, 2, 5, 10].map((factor) => factor * power).find((step) => step >= least * 0.999)!
}

const tickText = (value: number) =>
  value >= 1_000_000
    ? `${Number((value / 1_000_000).toPrecision(3))} M`
    : value >= 1000
      ? `${Number((value / 1000).toPrecision(3))} k`
      : String(Number(value.toPrecision(3)))

export const escapeXml = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
