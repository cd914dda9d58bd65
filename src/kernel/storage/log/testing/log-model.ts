import type { Random } from '#kernel/base/host.ts'
import type { GroupId, HardState, LogBoundary, LogEntry, NodeLog, RecoveredGroup } from '../node-log-types.ts'

interface ModelGroup {
  hardState: HardState
  boundary: LogBoundary
  entries: LogEntry[]
  configuration: Uint8Array
}

/** One call of the log. */
export type Operation =
  | { readonly kind: 'entries'; readonly group: GroupId; readonly entries: readonly LogEntry[] }
  | { readonly kind: 'hardState'; readonly group: GroupId; readonly state: HardState }
  | {
      readonly kind: 'boundary'
      readonly group: GroupId
      readonly boundary: LogBoundary
      readonly above: 'keep' | 'forget'
    }
  | { readonly kind: 'configuration'; readonly group: GroupId; readonly configuration: Uint8Array }
  | { readonly kind: 'removal'; readonly group: GroupId }

/** Calls the log, and returns the batch's number. */
export function perform(log: NodeLog, operation: Operation): number {
  switch (operation.kind) {
    case 'entries':
      return log.appendEntries(operation.group, operation.entries)
    case 'hardState':
      return log.appendHardState(operation.group, operation.state)
    case 'boundary':
      return log.appendBoundary(operation.group, operation.boundary, operation.above)
    case 'configuration':
      return log.appendConfiguration(operation.group, operation.configuration)
    case 'removal':
      return log.appendRemoval(operation.group)
  }
}

/** The dumb twin of a node log: plain objects in memory. */
export class LogModel {
  readonly groups = new Map<GroupId, ModelGroup>()

  apply(operation: Operation): void {
    if (operation.kind === 'removal') {
      this.groups.delete(operation.group)
      return
    }
    const group = this.#group(operation.group)
    switch (operation.kind) {
      case 'entries': {
        const first = operation.entries[0]!.index
        const kept = group.entries.filter(({ index }) => index < first)
        const added = operation.entries.filter(({ index }) => index > group.boundary.index)
        group.entries = [...kept, ...added]
        return
      }
      case 'hardState':
        group.hardState = operation.state
        return
      case 'boundary':
        group.boundary = operation.boundary
        group.entries =
          operation.above === 'forget' ? [] : group.entries.filter(({ index }) => index > operation.boundary.index)
        return
      case 'configuration':
        group.configuration = operation.configuration
        return
      default:
        operation satisfies never
    }
  }

  lastIndex(id: GroupId): number {
    const group = this.groups.get(id)
    return group?.entries.at(-1)?.index ?? group?.boundary.index ?? 0
  }

  /** Everything, as text to compare. */
  text(): string {
    return describe(this.#described())
  }

  /** Each group as text. */
  texts(): Map<GroupId, string> {
    return new Map(this.#described().map((group) => [group.id, describeGroup(group)]))
  }

  static from(recovered: Iterable<RecoveredGroup>): LogModel {
    const model = new LogModel()
    for (const { id, hardState, boundary, entries, configuration } of recovered) {
      model.groups.set(id, { hardState, boundary, entries: [...entries], configuration })
    }
    return model
  }

  #described(): RecoveredGroup[] {
    return [...this.groups].map(([id, group]) => ({ id, ...group, damaged: false }))
  }

  #group(id: GroupId): ModelGroup {
    let group = this.groups.get(id)
    if (!group) {
      group = {
        hardState: { term: 0, vote: 0 },
        boundary: { index: 0, term: 0 },
        entries: [],
        configuration: new Uint8Array(0),
      }
      this.groups.set(id, group)
    }
    return group
  }
}

/** Groups as text, in the order of their ids: equal where the groups are. */
export function describe(groups: Iterable<RecoveredGroup>): string {
  return [...groups]
    .toSorted((a, b) => a.id - b.id)
    .map(describeGroup)
    .join('\n')
}

export function describeGroup({ id, hardState, boundary, entries, configuration, damaged }: RecoveredGroup): string {
  return [
    `group ${id}${damaged ? ' DAMAGED' : ''}: term ${hardState.term} vote ${hardState.vote}`,
    `boundary ${boundary.index}:${boundary.term}`,
    `configuration ${digest(configuration)}`,
    ...entries.map(({ index, term, kind, data }) => `${index}:${term}:${kind}:${data.length}:${digest(data)}`),
  ].join(' ')
}

function digest(bytes: Uint8Array): number {
  let sum = bytes.length
  for (const byte of bytes) sum = (Math.imul(sum, 31) + byte) | 0
  return sum
}

export interface OperationOptions {
  readonly groupsMax: number
  /** Of one entry in twelve; the others have up to 200 bytes. */
  readonly dataBytesMax: number
  /** Percent of the operations that move a boundary: few of them, and many segments stay. */
  readonly boundaries: number
}

/** Operations that a node might do, drawn by chance. */
export class OperationSource {
  readonly #random: Random
  readonly #options: OperationOptions

  constructor(random: Random, options: OperationOptions) {
    this.#random = random
    this.#options = options
  }

  /** One that makes sense in the state of `model`. */
  next(model: LogModel): Operation {
    const random = this.#random
    const group = 1 + random.below(this.#options.groupsMax)
    const last = model.lastIndex(group)
    const boundary = model.groups.get(group)?.boundary ?? { index: 0, term: 0 }
    if (random.below(100) < this.#options.boundaries) {
      const isSnapshot = random.below(10) === 0
      const index = boundary.index + random.below(last - boundary.index + (isSnapshot ? 6 : 1))
      const above = isSnapshot && random.below(2) === 0 ? 'forget' : 'keep'
      return { kind: 'boundary', group, boundary: { index, term: random.below(9) }, above }
    }
    const draw = random.below(100)
    if (draw < 12) return { kind: 'hardState', group, state: { term: random.below(1000), vote: random.below(5) } }
    if (draw < 15) return { kind: 'configuration', group, configuration: random.bytes(random.below(40)) }
    if (draw < 18) return { kind: 'removal', group }
    const back = random.below(5) === 0 ? random.below(4) : 0
    const first = Math.max(boundary.index + 1, last + 1 - back)
    const entries = Array.from({ length: 1 + random.below(4) }, (_, i) => this.#entry(first + i))
    return { kind: 'entries', group, entries }
  }

  #entry(index: number): LogEntry {
    const random = this.#random
    const most = random.below(12) === 0 ? this.#options.dataBytesMax : 200
    return { index, term: 1 + random.below(5), kind: random.below(256), data: random.bytes(random.below(most)) }
  }
}
