import { allocateSlow, emptyBytes } from '#kernel/base/bytes.ts'
import { UnumError } from '#kernel/base/errors.ts'
import { compareSlices, keyBytesMax, valueBytesMax } from './keys.ts'
import { RowCursor } from './row-cursor.ts'

/*
 * A block is a run of sorted rows, of data or of the index (docs/formats/tables.md):
 *
 *   block   := row* restart* restarts:u32
 *   row     := shared:varint rest:varint value:varint keyRest valueBytes
 *   restart := position of a row:u32
 *
 * `shared` bytes are those of the row before, 0 at a restart. `value` is 0 for a tombstone, else the length and one.
 */
export const restartInterval = 8

/** A row that was looked for; one instance, valid until the next search. */
export interface Found {
  isFound: boolean
  valueStart: number
  /** Below `valueStart` for a tombstone. */
  valueEnd: number
}
const found: Found = { isFound: false, valueStart: 0, valueEnd: 0 }

/** The varint read last, and where it ends: two results without an object per call. */
let varintEnd = 0
function varint(bytes: Uint8Array, at: number): number {
  let byte = bytes[at]!
  if (byte < 0x80) {
    varintEnd = at + 1
    return byte
  }
  let value = byte & 0x7f
  let shift = 7
  do {
    byte = bytes[++at]!
    value |= (byte & 0x7f) << shift
    shift += 7
  } while (byte >= 0x80)
  varintEnd = at + 1
  return value
}

/**
 * A verified block in memory.
 *
 * Invariant: the constructor has walked every row, so positions, lengths and order are right and later reads need no
 * checks of bounds.
 */
export class Block {
  readonly bytes: Uint8Array
  readonly rowsEnd: number
  readonly restartCount: number

  /** @throws UnumError `DATA_DAMAGED` where the structure is wrong; `place` names it for the message. */
  constructor(bytes: Uint8Array, place: string) {
    this.bytes = bytes
    this.restartCount = bytes.length < 4 ? 0 : uint32(bytes, bytes.length - 4)
    this.rowsEnd = bytes.length - 4 - this.restartCount * 4
    const wrong = bytes.length < 4 || this.rowsEnd < 0 ? 'restarts do not fit' : this.#check()
    if (wrong !== undefined) throw new UnumError('DATA_DAMAGED', `${place}: ${wrong}`)
  }

  restart(i: number): number {
    return uint32(this.bytes, this.rowsEnd + i * 4)
  }

  /** What is wrong with the rows, if anything. */
  #check(): string | undefined {
    const { bytes, rowsEnd, restartCount } = this
    let keys: Uint8Array = emptyBytes
    let keyLength = -1
    let at = 0
    let row = 0
    while (at < rowsEnd) {
      const start = at
      for (let field = 0, run = 0; field < 3; at++) {
        if (at >= rowsEnd || run++ === 4) return `row at ${start} has a bad length`
        if (bytes[at]! < 0x80) {
          field++
          run = 0
        }
      }
      const shared = varint(bytes, start)
      const rest = varint(bytes, varintEnd)
      const value = varint(bytes, varintEnd)
      const valueLength = value === 0 ? 0 : value - 1
      const length = shared + rest
      if (length > keyBytesMax || valueLength > valueBytesMax || at + rest + valueLength > rowsEnd) {
        return `row at ${start} does not fit`
      }
      if (row % restartInterval === 0) {
        const restart = row / restartInterval
        if (shared !== 0 || restart >= restartCount || this.restart(restart) !== start) return `no restart at ${start}`
      }
      if (shared > Math.max(keyLength, 0)) return `row at ${start} shares more than there is`
      // `find` relies on it that a row shares all it can: it compares no more than what is left.
      const isShort = row % restartInterval !== 0 && rest > 0 && shared < keyLength && bytes[at] === keys[shared]
      if (isShort) return `row at ${start} shares less than there is`
      // The shared bytes are equal, so the rest alone decides the order.
      if (keyLength >= 0 && compareSlices(keys, shared, keyLength, bytes, at, at + rest) >= 0) {
        return `row at ${start} is out of order`
      }
      if (keys.length < length) {
        const grown = allocateSlow(length * 2)
        grown.set(keys.subarray(0, shared))
        keys = grown
      }
      for (let i = 0; i < rest; i++) keys[shared + i] = bytes[at + i]!
      keyLength = length
      at += rest + valueLength
      row++
    }
    return Math.ceil(row / restartInterval) === restartCount ? undefined : 'restarts and rows differ'
  }

  /**
   * The row of `key`. While rows are below the key, it is enough to know how many bytes the last one has in
   * common with it: a row that shares more of its predecessor is below too, one that shares less is above, and only one
   * that shares exactly that much has to be compared.
   */
  find(key: Uint8Array): Found {
    const { bytes, rowsEnd } = this
    let low = 0
    let high = this.restartCount
    while (low < high) {
      const middle = (low + high) >>> 1
      const row = this.restart(middle)
      varint(bytes, row)
      const rest = varint(bytes, varintEnd)
      varint(bytes, varintEnd)
      if (compareSlices(bytes, varintEnd, varintEnd + rest, key, 0, key.length) <= 0) low = middle + 1
      else high = middle
    }
    let at = low === 0 ? 0 : this.restart(low - 1)
    let common = 0
    while (at < rowsEnd) {
      const shared = varint(bytes, at)
      const rest = varint(bytes, varintEnd)
      const value = varint(bytes, varintEnd)
      const restAt = varintEnd
      const valueAt = restAt + rest
      const valueEnd = valueAt + value - 1
      if (shared <= common) {
        let order = 1
        if (shared === common) {
          let i = restAt
          while (i < valueAt && common < key.length && bytes[i] === key[common]) {
            i++
            common++
          }
          order = i === valueAt ? shared + rest - key.length : common === key.length ? 1 : bytes[i]! - key[common]!
        }
        if (order >= 0) {
          found.isFound = order === 0
          found.valueStart = valueAt
          found.valueEnd = valueEnd
          return found
        }
      }
      at = value === 0 ? valueAt : valueEnd
    }
    found.isFound = false
    return found
  }
}

/**
 * Walks a block both ways. The rows of one restart interval are unpacked together: keys into a buffer of the cursor's own,
 * values as positions.
 */
export class BlockCursor extends RowCursor {
  #block: Block | undefined
  #interval = 0
  #row = 0
  #rows = 0
  /** Of row i in `keyBytes`: from i to i + 1. */
  readonly #keyEnds = new Int32Array(restartInterval + 1)
  readonly #valueStarts = new Int32Array(restartInterval)
  readonly #valueEnds = new Int32Array(restartInterval)

  constructor() {
    super()
    this.keyBytes = emptyBytes
  }

  reset(block: Block): void {
    this.#block = block
    this.valueBytes = block.bytes
    this.valid = false
    this.#rows = 0
    this.#interval = -1
  }

  first(): void {
    this.#toInterval(0, 0)
  }

  override seek(key: Uint8Array): void {
    this.#seekLastBelow(key)
    if (this.valid) this.next()
    else this.first()
  }

  override seekBefore(key: Uint8Array | undefined): void {
    if (key !== undefined) this.#seekLastBelow(key)
    else this.#toInterval(this.#block!.restartCount - 1, -1)
  }

  override next(): void {
    if (this.#row + 1 < this.#rows) this.#show(this.#row + 1)
    else this.#toInterval(this.#interval + 1, 0)
  }

  override previous(): void {
    if (this.#row > 0) this.#show(this.#row - 1)
    else this.#toInterval(this.#interval - 1, -1)
  }

  #seekLastBelow(key: Uint8Array): void {
    const block = this.#block!
    const { bytes } = block
    let low = 0
    let high = block.restartCount
    while (low < high) {
      const middle = (low + high) >>> 1
      varint(bytes, block.restart(middle))
      const rest = varint(bytes, varintEnd)
      varint(bytes, varintEnd)
      if (compareSlices(bytes, varintEnd, varintEnd + rest, key, 0, key.length) < 0) low = middle + 1
      else high = middle
    }
    this.valid = false
    if (low === 0) return
    this.#unpack(low - 1)
    let row = this.#rows - 1
    // The first row of the interval is below the key, so the walk ends there at the latest.
    while (compareSlices(this.keyBytes, this.#keyEnds[row]!, this.#keyEnds[row + 1]!, key, 0, key.length) >= 0) row--
    this.#show(row)
  }

  /** @param row 0 for the first, -1 for the last. */
  #toInterval(interval: number, row: number): void {
    this.valid = false
    if (interval < 0 || interval >= this.#block!.restartCount) return
    if (interval !== this.#interval) this.#unpack(interval)
    this.#show(row < 0 ? this.#rows - 1 : 0)
  }

  #show(row: number): void {
    this.#row = row
    this.keyStart = this.#keyEnds[row]!
    this.keyEnd = this.#keyEnds[row + 1]!
    this.valueStart = this.#valueStarts[row]!
    this.valueEnd = this.#valueEnds[row]!
    this.valid = true
  }

  #unpack(interval: number): void {
    const block = this.#block!
    const { bytes } = block
    let at = block.restart(interval)
    const end = interval + 1 < block.restartCount ? block.restart(interval + 1) : block.rowsEnd
    let keys = this.keyBytes
    let keyStart = 0
    let keyEnd = 0
    let row = 0
    while (at < end) {
      const shared = varint(bytes, at)
      const rest = varint(bytes, varintEnd)
      const value = varint(bytes, varintEnd)
      at = varintEnd
      const wanted = keyEnd + shared + rest
      if (wanted > keys.length) {
        const grown = allocateSlow(Math.max(wanted * 2, 512))
        grown.set(keys.subarray(0, keyEnd))
        keys = grown
      }
      keys.copyWithin(keyEnd, keyStart, keyStart + shared)
      let to = keyEnd + shared
      for (let i = 0; i < rest; i++) keys[to++] = bytes[at++]!
      keyStart = keyEnd
      keyEnd = to
      this.#keyEnds[row + 1] = to
      this.#valueStarts[row] = at
      this.#valueEnds[row] = at + value - 1
      if (value !== 0) at += value - 1
      row++
    }
    this.keyBytes = keys
    this.#rows = row
    this.#interval = interval
  }
}

function uint32(bytes: Uint8Array, at: number): number {
  return (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0
}
