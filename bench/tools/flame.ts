import { type CpuProfile, placeOf, sampledMs } from './cpu-profile.ts'
import { escapeXml } from './svg.ts'

/** A function with those that it called, and the time of all of them. */
interface Frame {
  readonly name: string
  readonly place: string
  totalMs: number
  readonly callees: Map<string, Frame>
}

const width = 1600
const rowHeight = 17
const top = 40
/** What is narrower is left out. */
const widthMin = 0.6
const characterWidth = 6.2

/** A profile as a flame graph (Gregg), the callers above: SVG and nothing else. Idle time is left out. */
export function flameGraph(title: string, profile: CpuProfile, root: string): string {
  const all = merge(profile, root)
  const rows: string[] = []
  let depth = 0
  const draw = (frame: Frame, x: number, level: number): void => {
    const frameWidth = (frame.totalMs / all.totalMs) * width
    if (frameWidth < widthMin) return
    depth = Math.max(depth, level)
    rows.push(box(frame, all.totalMs, { x, y: top + level * rowHeight, frameWidth }))
    let at = x
    for (const callee of [...frame.callees.values()].sort((a, b) => b.totalMs - a.totalMs)) {
      draw(callee, at, level + 1)
      at += (callee.totalMs / all.totalMs) * width
    }
  }
  draw(all, 0, 0)
  const height = top + (depth + 2) * rowHeight
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="monospace" font-size="11">`,
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    `<text x="4" y="24" font-size="15" font-weight="bold">${escapeXml(title)}</text>`,
    ...rows,
    '</svg>\n',
  ].join('\n')
}

/** Equal functions under equal callers become one. */
function merge(profile: CpuProfile, root: string): Frame {
  const byId = new Map(profile.nodes.map((node) => [node.id, node]))
  const selfMs = sampledMs(profile)
  const all: Frame = { name: 'all', place: '', totalMs: 0, callees: new Map() }
  const add = (id: number, under: Frame): number => {
    const node = byId.get(id)!
    const { functionName, url, lineNumber } = node.callFrame
    if (functionName === '(idle)') return 0
    const place = placeOf(url, lineNumber, root)
    const key = `${functionName} ${place}`
    let frame = under.callees.get(key)
    if (!frame) {
      frame = { name: functionName || '(anonymous)', place, totalMs: 0, callees: new Map() }
      under.callees.set(key, frame)
    }
    let totalMs = selfMs.get(id) ?? 0
    for (const child of node.children ?? []) totalMs += add(child, frame)
    frame.totalMs += totalMs
    return totalMs
  }
  for (const child of profile.nodes[0]?.children ?? []) all.totalMs += add(child, all)
  return all
}

function box(
  { name, place, totalMs }: Frame,
  allMs: number,
  { x, y, frameWidth }: { readonly x: number; readonly y: number; readonly frameWidth: number },
): string {
  const hue = [...name].reduce((hash, character) => (hash * 31 + character.charCodeAt(0)) % 50, 7)
  const text = `${name} ${place}`
  const fitting = Math.floor((frameWidth - 4) / characterWidth)
  const label = fitting < 3 ? '' : text.length <= fitting ? text : `${text.slice(0, fitting - 1)}…`
  const share = ((totalMs / allMs) * 100).toFixed(1)
  return [
    `<g><title>${escapeXml(`${text}: ${totalMs.toFixed(0)} ms, ${share} %`)}</title>`,
    `<rect x="${x.toFixed(1)}" y="${y}" width="${frameWidth.toFixed(1)}" height="${rowHeight - 1}" fill="hsl(${10 + hue} 80% 70%)"/>`,
    label && `<text x="${(x + 2).toFixed(1)}" y="${y + 12}">${escapeXml(label)}</text>`,
    '</g>',
  ].join('')
}
