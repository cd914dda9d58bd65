import { copyBytes } from '#kernel/base/bytes.ts'
import { assert, UnumError } from '#kernel/base/errors.ts'
import type { Cursor, KeyRange } from '#kernel/storage/tables/tree.ts'
import type { Call } from '../call.ts'
import { Key, kinds, types, uint64At } from '../keyspace.ts'

/** Where the first element of a new list lies: halfway through the safe integers, so that a list grows both ways. */
const middle = 2 ** 51
const positionMax = 2 ** 52

/**
 * A list. Rows (`keyspace.ts` has their frame):
 *
 *     header body: head(uint64be) tail(uint64be)
 *     element:     position(uint64be) → the element
 *
 * Invariants:
 * 1. There is an element row at every position from `head` to `tail` - 1, and at no other: index i is at `head` + i, so that an
 *    element is found by one get. Inserting and removing within moves the elements of the shorter side by one.
 * 2. Whoever changes rows or bounds calls `save` before the command ends; a list without elements does not exist.
 */
export class List extends Key {
  head = middle
  tail = middle

  get length(): number {
    return this.tail - this.head
  }

  /** Looks up argument `i`. @returns whether it exists @throws CommandError `WRONGTYPE` */
  open(call: Call, i: number): boolean {
    this.head = middle
    this.tail = middle
    if (!this.findOf(call, i, types.list)) return false
    this.head = uint64At(this.row, this.body)
    this.tail = uint64At(this.row, this.body + 8)
    if (this.length <= 0)
      throw new UnumError('DATA_DAMAGED', `A list from ${this.head} to ${this.tail} has no elements`)
    return true
  }

  /** Writes the header, or deletes the key where nothing is left. */
  save(call: Call): void {
    if (this.length > 0) {
      const body = this.begin(call, types.list)
      body.uint64Be(this.head)
      body.uint64Be(this.tail)
      this.store(call)
    } else if (this.exists) {
      this.delete(call)
    }
  }

  #position(position: number): Uint8Array {
    const rowKey = this.rowKey(kinds.element)
    rowKey.uint64Be(position)
    return rowKey.view()
  }

  /** The element at an index from 0 to `length` - 1. */
  at(call: Call, index: number): Uint8Array {
    const element = call.evaluation.get(this.#position(this.head + index))
    assert(element !== undefined, 'every position of a list has its row')
    return element
  }

  set(call: Call, index: number, element: Uint8Array): void {
    call.evaluation.put(this.#position(this.head + index), element)
  }

  pushHead(call: Call, element: Uint8Array): void {
    assert(this.head > 0, 'a list has room for 2^51 elements each way')
    call.evaluation.put(this.#position(--this.head), element)
  }

  pushTail(call: Call, element: Uint8Array): void {
    assert(this.tail < positionMax, 'a list has room for 2^51 elements each way')
    call.evaluation.put(this.#position(this.tail++), element)
  }

  /** Removes `count` elements from the head, `count` up to `length`. */
  dropHead(call: Call, count: number): void {
    this.#removeRows(call, this.head, this.head + count)
    this.head += count
  }

  /** Removes `count` elements from the tail, `count` up to `length`. */
  dropTail(call: Call, count: number): void {
    this.#removeRows(call, this.tail - count, this.tail)
    this.tail -= count
  }

  #removeRows(call: Call, from: number, to: number): void {
    if (to - from === 1) call.evaluation.delete(this.#position(from))
    else if (to > from) call.evaluation.deleteRange(this.#range(from, to))
  }

  /** With memory of its own. */
  #range(from: number, to: number): KeyRange {
    return { from: copyBytes(this.#position(from)), to: copyBytes(this.#position(to)) }
  }

  /** The elements at indexes `from` to `to` - 1, or from `to` - 1 down to `from`. */
  elements(call: Call, from: number, to: number, reverse = false): Cursor {
    return call.evaluation.scan(this.#range(this.head + from, this.head + to), { reverse })
  }
}
