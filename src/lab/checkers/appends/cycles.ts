import type { DependencyGraph, Edge } from './dependency-graph.ts'
import { edgeKinds } from './dependency-graph.ts'

/** Sets of nodes, larger than one, that reach each other by edges of `kinds` (a sum of `edgeKinds`). Tarjan's algorithm, without recursion. */
export function stronglyConnected(graph: DependencyGraph, kinds: number): number[][] {
  const count = graph.nodeCount
  const index = new Int32Array(count).fill(-1)
  const low = new Int32Array(count)
  const isOnStack = new Uint8Array(count)
  const at = new Int32Array(count)
  const stack: number[] = []
  const path: number[] = []
  const found: number[][] = []
  let next = 0
  const enter = (node: number): void => {
    index[node] = low[node] = next++
    isOnStack[node] = 1
    stack.push(node)
    path.push(node)
  }
  for (let root = 0; root < count; root++) {
    if (index[root] !== -1) continue
    enter(root)
    while (path.length > 0) {
      const node = path.at(-1)!
      const edges = graph.edgesFrom(node)
      const edge = edges[at[node]!++]
      if (edge === undefined) {
        path.pop()
        const parent = path.at(-1)
        if (parent !== undefined) low[parent] = Math.min(low[parent]!, low[node]!)
        if (low[node] !== index[node]) continue
        const component = stack.splice(stack.lastIndexOf(node))
        for (const member of component) isOnStack[member] = 0
        if (component.length > 1) found.push(component)
      } else if ((edgeKinds[edge.kind] & kinds) === 0) {
        // Not one of those asked for.
      } else if (index[edge.to] === -1) enter(edge.to)
      else if (isOnStack[edge.to] === 1) low[node] = Math.min(low[node]!, index[edge.to]!)
    }
  }
  return found
}

/** The fewest edges of `kinds` from one node to another within `nodes`; undefined where there is no way. */
export function shortestPath(
  graph: DependencyGraph,
  kinds: number,
  nodes: ReadonlySet<number>,
  ends: { readonly from: number; readonly to: number },
): Edge[] | undefined {
  const cameBy = new Map<number, Edge>()
  const queue = [ends.from]
  for (const node of queue) {
    for (const edge of graph.edgesFrom(node)) {
      if ((edgeKinds[edge.kind] & kinds) === 0 || !nodes.has(edge.to) || cameBy.has(edge.to)) continue
      cameBy.set(edge.to, edge)
      if (edge.to === ends.to) return pathTo(cameBy, ends)
      queue.push(edge.to)
    }
  }
  return undefined
}

function pathTo(cameBy: ReadonlyMap<number, Edge>, ends: { readonly from: number; readonly to: number }): Edge[] {
  const path: Edge[] = []
  let node = ends.to
  do {
    const edge = cameBy.get(node)!
    path.unshift(edge)
    node = edge.from
  } while (node !== ends.from)
  return path
}

interface CycleForm {
  readonly name: string
  /** Edges that it may have besides `rw`. */
  readonly kinds: number
  readonly rw: 'none' | 'one' | 'any'
}

const { ww, wr, rw, process, realtime } = edgeKinds

/** In the order of how much each says, worst first. Adya's names ("Weak consistency", 1999), in the forms that Elle tells apart. */
const forms: readonly CycleForm[] = [
  { suffix: '', kinds: 0 },
  { suffix: '-process', kinds: process },
  { suffix: '-realtime', kinds: process | realtime },
].flatMap(({ suffix, kinds }): CycleForm[] => [
  { name: `G0${suffix}`, kinds: kinds | ww, rw: 'none' },
  { name: `G1c${suffix}`, kinds: kinds | ww | wr, rw: 'none' },
  { name: `G-single${suffix}`, kinds: kinds | ww | wr, rw: 'one' },
  { name: `G2${suffix}`, kinds: kinds | ww | wr, rw: 'any' },
])

export interface Cycle {
  readonly name: string
  readonly edges: readonly Edge[]
}

/** Bound on the edges from which a cycle is looked for: there is no need to see the shortest of all. */
const startsMax = 200

/** The worst cycle, and of its form a short one; undefined where there is none. */
export function findCycle(graph: DependencyGraph): Cycle | undefined {
  if (stronglyConnected(graph, ww | wr | rw | process | realtime).length === 0) return undefined
  for (const { name, kinds, rw: allowed } of forms) {
    for (const component of stronglyConnected(graph, allowed === 'none' ? kinds : kinds | rw)) {
      const edges = cycleIn(graph, component, kinds, allowed)
      if (edges !== undefined) return { name, edges }
    }
  }
  return undefined
}

function cycleIn(
  graph: DependencyGraph,
  component: readonly number[],
  kinds: number,
  allowed: CycleForm['rw'],
): readonly Edge[] | undefined {
  const nodes = new Set(component)
  const first = component
    .flatMap((node) => graph.edgesFrom(node))
    .filter(({ kind, to }) => nodes.has(to) && (allowed === 'none' ? (edgeKinds[kind] & kinds) !== 0 : kind === 'rw'))
  const rest = allowed === 'any' ? kinds | rw : kinds
  let shortest: readonly Edge[] | undefined
  for (const edge of first.slice(0, startsMax)) {
    const back = shortestPath(graph, rest, nodes, { from: edge.to, to: edge.from })
    if (back !== undefined && (shortest === undefined || back.length + 1 < shortest.length)) shortest = [edge, ...back]
  }
  return shortest
}
