import type { Random } from '#kernel/base/host.ts'
import { PagedBytes, pageBytes } from './paged-bytes.ts'

/** What a disk writes as a whole, even when the power fails. */
export const sectorBytes = 512

const zeroSector = new Uint8Array(sectorBytes)

/** What one unsynced change replaced, so that a power loss can bring any sector of it back. */
interface Change {
  readonly sizeBefore: number
  /** First byte of the first sector changed. */
  readonly start: number
  /** Exclusive; a whole number of sectors. */
  readonly end: number
  /** The sector at `position` as it was before. */
  sectorBefore(position: number): Uint8Array
}

/**
 * The bytes of one file (an inode: names are the disk image's) and, on disks that may lose power, what of them is not synced.
 *
 * Invariants:
 * 1. `content` reads as zeros from `size` on.
 * 2. Undoing `changes` from the last to the first, and then `forsaken`, gives the bytes and size that are durable.
 */
export class FileNode {
  readonly content = new PagedBytes()
  size = 0
  /** With the writes that were begun and are not done. */
  begunSize = 0
  readonly #tracked: boolean
  readonly #changes: Change[] = []
  /** Number of changes that were ever made durable, or given up in a failed sync. */
  #syncedChanges = 0
  /** By position, what the disk holds of sectors whose sync failed: the system takes its newer copy for clean. */
  readonly #forsaken = new Map<number, Uint8Array>()

  constructor(tracked: boolean) {
    this.#tracked = tracked
  }

  write(position: number, bytes: Uint8Array): void {
    if (this.#tracked) this.#rememberRange(position, position + bytes.length)
    this.content.write(position, bytes)
    this.size = Math.max(this.size, position + bytes.length)
  }

  truncate(length: number): void {
    const sizeBefore = this.size
    const pages = length < sizeBefore ? this.content.cut(length) : new Map<number, Uint8Array>()
    this.size = length
    if (!this.#tracked) return
    for (const position of this.#forsaken.keys()) if (position >= length) this.#forsaken.delete(position)
    this.#changes.push({
      sizeBefore,
      start: floorToSector(Math.min(length, sizeBefore)),
      end: pages.size > 0 ? floorToSector(sizeBefore + sectorBytes - 1) : floorToSector(Math.min(length, sizeBefore)),
      sectorBefore(position) {
        const page = pages.get(Math.floor(position / pageBytes))
        if (!page) return zeroSector
        return page.subarray(position % pageBytes, (position % pageBytes) + sectorBytes)
      },
    })
  }

  #rememberRange(from: number, to: number): void {
    const start = floorToSector(from)
    const end = floorToSector(to + sectorBytes - 1)
    // What is appended replaces nothing: no copy for the way in which most files are written.
    const before = start < this.size ? this.content.read(start, end - start) : undefined
    for (let at = start; this.#forsaken.size > 0 && at < end; at += sectorBytes) {
      const durable = this.#forsaken.get(at)
      if (durable) before?.set(durable, at - start)
      this.#forsaken.delete(at)
    }
    this.#changes.push({
      sizeBefore: this.size,
      start,
      end,
      sectorBefore: (position) =>
        before ? before.subarray(position - start, position - start + sectorBytes) : zeroSector,
    })
  }

  /** A point in the file's history, for `syncTo`. */
  syncPoint(): number {
    return this.#syncedChanges + this.#changes.length
  }

  /** Everything up to `point` is durable. */
  syncTo(point: number): void {
    const count = point - this.#syncedChanges
    if (count <= 0) return
    this.#changes.splice(0, count)
    this.#syncedChanges = point
  }

  /**
   * A sync of everything up to `point` failed: of each sector either the newest version is on the disk or the last synced one, and
   * the system, which takes its copy for clean, does not write it again unless it is changed.
   */
  failSync(point: number, random: Random): void {
    const count = point - this.#syncedChanges
    if (!this.#tracked || count <= 0) return
    const failed = this.#changes.splice(0, count)
    this.#syncedChanges = point
    for (const change of failed) {
      for (let position = change.start; position < change.end; position += sectorBytes) {
        if (this.#forsaken.has(position) || random.below(2) === 0) continue
        this.#forsaken.set(position, change.sectorBefore(position).slice())
      }
    }
  }

  /** Writes over what is on the disk, as rot does: nothing remembers what was there. */
  overwrite(position: number, bytes: Uint8Array): void {
    this.content.write(position, bytes.subarray(0, Math.max(0, this.size - position)))
  }

  /**
   * Leaves what a power loss may leave: of each sector with unsynced changes one of its versions since the last sync, of the sizes
   * since then any. Returns the number of sectors that went back.
   */
  losePower(random: Random): number {
    const changes = this.#changes.splice(0)
    this.#syncedChanges += changes.length
    const forsaken = this.#takeForsaken()
    if (changes.length === 0) return forsaken
    const keep = keepChoice(random)
    const versions = new Map<number, number[]>()
    for (const [index, change] of changes.entries()) {
      for (let position = change.start; position < change.end; position += sectorBytes) {
        const list = versions.get(position)
        if (list) list.push(index)
        else versions.set(position, [index])
      }
    }
    // Chosen before anything is put back: a change remembers the sectors as the changes before it left them.
    const restored: { readonly position: number; readonly bytes: Uint8Array }[] = []
    let ordinal = 0
    for (const [position, indexes] of versions) {
      if (keep(ordinal++, versions.size)) continue
      const change = changes[indexes[random.below(indexes.length)]!]!
      restored.push({ position, bytes: change.sectorBefore(position) })
    }
    const sizeChoice = random.below(changes.length + 1)
    const size = sizeChoice < changes.length ? changes[sizeChoice]!.sizeBefore : this.size
    for (const { position, bytes } of restored) this.content.write(position, bytes)
    this.content.cut(size)
    this.size = size
    this.begunSize = size
    return restored.length + forsaken
  }

  /** The system's copies are gone: what the disk holds comes back. Returns the number of sectors. */
  #takeForsaken(): number {
    for (const [position, bytes] of this.#forsaken) this.overwrite(position, bytes)
    const { size } = this.#forsaken
    this.#forsaken.clear()
    return size
  }
}

function floorToSector(position: number): number {
  return position - (position % sectorBytes)
}

/** Which of the unsynced sectors survive. A few shapes that real devices show, rather than only fair coins. */
function keepChoice(random: Random): (ordinal: number, count: number) => boolean {
  const shape = random.below(6)
  if (shape === 0) return () => false
  if (shape === 1) return () => true
  if (shape === 2) {
    const fraction = random.float()
    return (ordinal, count) => ordinal < fraction * count
  }
  if (shape === 3) {
    const fraction = random.float()
    return (ordinal, count) => ordinal >= fraction * count
  }
  const chance = shape === 4 ? 0.5 : random.float()
  return () => random.float() < chance
}
