import { ByteWriter } from '#kernel/base/byte-writer.ts'
import { allocate, emptyBytes, prefixEnd } from '#kernel/base/bytes.ts'
import { assert, UnumError } from '#kernel/base/errors.ts'
import type { Evaluation } from '#kernel/shards/evaluation.ts'
import type { KeyRange } from '#kernel/storage/tables/tree.ts'
import type { Call } from './call.ts'
import { nowMs } from './call.ts'
import { errors, fail } from './errors.ts'
import { nameBytesMax } from './limits.ts'
import { keySlot } from './slots.ts'

/**
 * How keys lie in a shard's rows. A row's key begins with the slot (uint16be) and a kind:
 *
 *     slot 0 hash(uint32be) key        → type[|0x80] version(uint64be) [expireAtMs(uint64be)] body
 *     slot 1 length(varint) key part   → an element; `part` and the value are the type's own
 *     slot 2 length(varint) key part   → a second order over the elements (sorted sets: by score)
 *     slot 3 expireAtMs(uint64be) key  → nothing: which keys expire, soonest first
 *
 * The header row (kind 0) carries 0x80 in its type and the time if the key expires. `version` is the timestamp of the
 * transaction that last changed any part of the key. `hash` orders a slot's keys so that a SCAN cursor can name a place
 * among them with a number.
 *
 * Invariants:
 * 1. A key exists where its header row does; an empty collection does not exist.
 * 2. Every change to any part of a key rewrites its header row, so that equal versions mean that nothing has changed.
 * 3. Counter `keys` counts header rows. Counter `expires` counts the rows of kind 3, of which there is exactly one per
 *    header row that has a time.
 * 4. Nobody is told that an expired key is gone before its rows are: whoever finds one deletes it (a read runs again as a
 *    write for that), since the next leader's clock may be behind.
 */
export const kinds = { header: 0, element: 1, order: 2, expiry: 3 } as const
export type ElementKind = typeof kinds.element | typeof kinds.order

/** What a key can hold, as stored; `none` is for keys that do not exist. */
export const types = { none: 0, string: 1, list: 2, set: 3, zset: 4, hash: 5 } as const
export type KeyType = (typeof types)[keyof typeof types]
/** By number: what TYPE answers. */
export const typeNames = ['none', 'string', 'list', 'set', 'zset', 'hash'] as const

const expiresFlag = 0x80
const headerFixedBytes = 9
/** Bytes of a header row's key before the name. */
export const headerPrefixBytes = 7
const lengthsCached = 256

/** Orders the keys of a slot: FNV-1a, 32 bits. */
export function keyHash(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0x811c9dc5
  for (let at = start; at < end; at++) hash = Math.imul(hash ^ bytes[at]!, 0x01000193)
  return hash >>> 0
}

/** Shared scratch for a header row's value: in use only between `begin` and `store`. */
const value = new ByteWriter(1024)
const expiryKey = new ByteWriter(256)

/**
 * One key of a call: finds its header row, changes it, names its element rows. Instances are made once and reused; what one
 * says holds until its next `find`, or the end of the call.
 */
export class Key {
  slot = 0
  exists = false
  type: KeyType = types.none
  /** `timestampUs` of the last change; 0 for a key that does not exist. */
  version = 0
  /** 0: does not expire. */
  expireAtMs = 0
  /** The header row as it was found; the type's own part is from `body` on. */
  row: Uint8Array = emptyBytes
  body = 0

  #name: Uint8Array = emptyBytes
  #start = 0
  #end = 0
  #headerKey: Uint8Array = emptyBytes
  #newType: KeyType = types.none
  #newExpireAtMs = 0
  /** Views of each length over one buffer, so that naming a row allocates nothing. */
  readonly #buffer = new Uint8Array(lengthsCached)
  readonly #views: (Uint8Array | undefined)[] = []
  readonly #rowKey = new ByteWriter(256)

  /** Looks up argument `i`. An expired key is deleted first. @returns whether it exists */
  find(call: Call, i: number): boolean {
    const args = call.args
    return this.findName(call, args.bytes, args.start(i), args.end(i))
  }

  /** As `find`, and the key must hold `type` if it exists. @throws CommandError `WRONGTYPE` */
  findOf(call: Call, i: number, type: KeyType): boolean {
    if (!this.find(call, i)) return false
    if (this.type !== type) throw fail(errors.wrongType)
    return true
  }

  /** As `find` for a name that is not an argument. The bytes must not change while this key is in use. */
  findName(call: Call, bytes: Uint8Array, start: number, end: number): boolean {
    this.name(bytes, start, end)
    this.#read(call.evaluation)
    if (this.expireAtMs !== 0 && this.expireAtMs <= nowMs(call)) {
      this.delete(call)
      call.keepEffects()
      return false
    }
    return this.exists
  }

  /** Names the key without reading anything. @throws CommandError where the name is too long */
  name(bytes: Uint8Array, start: number, end: number): void {
    if (end - start > nameBytesMax) throw fail(errors.nameTooLong)
    this.#name = bytes
    this.#start = start
    this.#end = end
    this.slot = keySlot(bytes, start, end)
    const length = headerPrefixBytes + end - start
    let headerKey: Uint8Array
    if (length < lengthsCached) headerKey = this.#views[length] ??= this.#buffer.subarray(0, length)
    else headerKey = allocate(length)
    headerKey[0] = this.slot >>> 8
    headerKey[1] = this.slot
    headerKey[2] = kinds.header
    let hash = 0x811c9dc5
    let to = headerPrefixBytes
    for (let at = start; at < end; at++) {
      const byte = bytes[at]!
      headerKey[to++] = byte
      hash = Math.imul(hash ^ byte, 0x01000193)
    }
    headerKey[3] = hash >>> 24
    headerKey[4] = hash >>> 16
    headerKey[5] = hash >>> 8
    headerKey[6] = hash
    this.#headerKey = headerKey
    this.#forget()
  }

  /** The key's own bytes. */
  nameBytes(): Uint8Array {
    return this.#name.subarray(this.#start, this.#end)
  }

  #forget(): void {
    this.exists = false
    this.type = types.none
    this.version = 0
    this.expireAtMs = 0
    this.row = emptyBytes
    this.body = 0
  }

  #read(evaluation: Evaluation): void {
    const row = evaluation.get(this.#headerKey)
    if (row === undefined) return
    const flags = row[0]!
    this.type = typeOf(row)
    this.version = uint64At(row, 1)
    this.row = row
    if (flags & expiresFlag) {
      this.expireAtMs = uint64At(row, headerFixedBytes)
      this.body = headerFixedBytes + 8
    } else {
      this.body = headerFixedBytes
    }
    this.exists = true
  }

  /**
   * Starts the header row's new value: append the type's own part to what is returned, then call `store`. A key that holds
   * another type must be deleted before.
   */
  begin(call: Call, type: KeyType, expireAtMs: number = this.expireAtMs): ByteWriter {
    assert(!this.exists || this.type === type, 'a key changes its type only by being deleted')
    this.#newType = type
    this.#newExpireAtMs = expireAtMs
    value.clear()
    value.uint8(expireAtMs === 0 ? type : type | expiresFlag)
    value.uint64Be(call.evaluation.timestampUs)
    if (expireAtMs !== 0) value.uint64Be(expireAtMs)
    return value
  }

  /** Writes the header row that `begin` started, and what counts and expires with it. `row` is not renewed. */
  store(call: Call): void {
    const evaluation = call.evaluation
    evaluation.put(this.#headerKey, value.view())
    if (!this.exists) evaluation.count('keys', 1)
    if (this.expireAtMs !== this.#newExpireAtMs) {
      if (this.expireAtMs !== 0) this.#unlistExpiry(evaluation)
      this.expireAtMs = this.#newExpireAtMs
      if (this.expireAtMs !== 0) {
        evaluation.put(this.#expiryKey(), emptyBytes)
        evaluation.count('expires', 1)
      }
    }
    this.exists = true
    this.type = this.#newType
    this.version = evaluation.timestampUs
  }

  /** Writes the header row anew with the body that it has: a new version, and a new time if one is given. */
  touch(call: Call, expireAtMs: number = this.expireAtMs): void {
    assert(this.exists, 'only a key that exists can be touched')
    this.begin(call, this.type, expireAtMs).rawRange(this.row, this.body, this.row.length)
    this.store(call)
  }

  /** Removes all rows of the key, which exists. */
  delete(call: Call): void {
    assert(this.exists, 'only a key that exists can be deleted')
    const evaluation = call.evaluation
    evaluation.delete(this.#headerKey)
    evaluation.count('keys', -1)
    if (this.type !== types.string) evaluation.deleteRange(this.rows(kinds.element))
    if (this.type === types.zset) evaluation.deleteRange(this.rows(kinds.order))
    if (this.expireAtMs !== 0) this.#unlistExpiry(evaluation)
    this.#forget()
  }

  #unlistExpiry(evaluation: Evaluation): void {
    evaluation.delete(this.#expiryKey())
    evaluation.count('expires', -1)
  }

  #expiryKey(): Uint8Array {
    expiryKey.clear()
    expiryKey.uint16Be(this.slot)
    expiryKey.uint8(kinds.expiry)
    expiryKey.uint64Be(this.expireAtMs)
    expiryKey.rawRange(this.#name, this.#start, this.#end)
    return expiryKey.view()
  }

  /**
   * The key of an element row up to its `part`, which the caller appends; `view()` of the writer then names the row. One
   * writer per Key: valid until the next call of this, `elementKey` or `rows`.
   */
  rowKey(kind: ElementKind): ByteWriter {
    const rowKey = this.#rowKey
    rowKey.clear()
    rowKey.uint16Be(this.slot)
    rowKey.uint8(kind)
    rowKey.varint(this.#end - this.#start)
    rowKey.rawRange(this.#name, this.#start, this.#end)
    return rowKey
  }

  /** The key of the element row with `part`, as `rowKey` gives it. */
  elementKey(kind: ElementKind, part: Uint8Array, start = 0, end = part.length): Uint8Array {
    const rowKey = this.rowKey(kind)
    rowKey.rawRange(part, start, end)
    return rowKey.view()
  }

  /** How many bytes of an element row's key come before its `part`. */
  partStart(): number {
    const length = this.#end - this.#start
    return 3 + (length < 0x80 ? 1 : length < 0x4000 ? 2 : length < 0x20_0000 ? 3 : 4) + length
  }

  /** All rows of a kind; with memory of its own. */
  rows(kind: ElementKind): KeyRange {
    const from = this.rowKey(kind).copy()
    return { from, to: prefixEnd(from) }
  }
}

/** Of a header row's value: 0 if the key does not expire. */
export function expireAtMsOf(row: Uint8Array): number {
  return row[0]! & expiresFlag ? uint64At(row, headerFixedBytes) : 0
}

/** @throws UnumError `DATA_DAMAGED` */
export function typeOf(row: Uint8Array): KeyType {
  const type = row[0]! & ~expiresFlag
  if (type < types.string || type > types.hash) throw new UnumError('DATA_DAMAGED', `No key holds type ${type}`)
  return type as KeyType
}

/** A uint64be that is a safe integer. @throws UnumError `DATA_DAMAGED` */
export function uint64At(bytes: Uint8Array, at: number): number {
  if (bytes.length < at + 8)
    throw new UnumError('DATA_DAMAGED', `Cannot read a number at ${at}: ends at ${bytes.length}`)
  const high = ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0
  if (high > 0x1f_ffff) throw new UnumError('DATA_DAMAGED', `Number at ${at} is above 2^53 - 1`)
  const low = ((bytes[at + 4]! << 24) | (bytes[at + 5]! << 16) | (bytes[at + 6]! << 8) | bytes[at + 7]!) >>> 0
  return high * 0x1_0000_0000 + low
}
