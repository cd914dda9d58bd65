import { Arguments } from '#kernel/base/arguments.ts'
import { allocate, allocateSlow, emptyBytes } from '#kernel/base/bytes.ts'
import { splitInline } from './inline.ts'

/**
 * Reads a client's requests: RESP arrays of bulk strings, and inline commands.
 *
 *     parser.feed(chunk)
 *     while ((found = parser.next()) === 'command') use(parser.args)
 *     parser.keepRest()
 *
 * Invariants:
 * 1. What is complete in a chunk is read where it lies; only what is left at the end is copied, by `keepRest`. Nothing refers to
 *    the chunk after that.
 * 2. `args` and its bytes are valid until the next `next`.
 * 3. Every byte is looked at once, however the stream is cut: an unfinished command's parsed arguments are kept.
 * 4. Memory is at most twice `requestBytesMax` for an unfinished command (8 bytes per argument included), plus two chunks.
 * 5. After `error` nothing more is read.
 */
export class RequestParser {
  readonly args = new Arguments()
  /** After `error`: what is wrong, in Redis's words. */
  problem = ''
  /** Bytes held between chunks. */
  get heldBytes(): number {
    return this.#held
  }

  readonly #limits: RequestLimits
  #bytes: Uint8Array = emptyBytes
  /** Where the current command begins, how far it is read, where the bytes end. */
  #start = 0
  #position = 0
  #end = 0
  /** Of the current command: arguments still to come; -1 between commands. */
  #argumentsLeft = -1
  /** Of the current argument; -1 where its length line is still to come. */
  #bulkLength = -1
  /** What was left of earlier chunks, in a buffer of its own. */
  #rest: Uint8Array = emptyBytes
  #held = 0
  /** How far a line end was looked for in vain. */
  #searched = 0

  constructor(limits: RequestLimits) {
    this.#limits = limits
  }

  /** Takes the next bytes of the stream. `chunk` must not change until `keepRest`. */
  feed(chunk: Uint8Array): void {
    const held = this.#held
    if (held === 0) {
      this.#open(chunk, chunk.length)
      return
    }
    const total = held + chunk.length
    let target = this.#rest
    if (total <= joinedBytes) {
      target = joined
      target.set(this.#rest.subarray(0, held))
    } else if (total > target.length) {
      // Doubled, so that a long command costs no more than two copies of each byte.
      const wanted = this.#bulkLength >= 0 ? this.#position + this.#bulkLength + 2 : 0
      target = allocateSlow(Math.max(total, Math.min(wanted, held * 8), held * 2))
      target.set(this.#rest.subarray(0, held))
      this.#rest = target
    }
    target.set(chunk, held)
    this.#open(target, total)
  }

  /** `#position` is where it was when the rest was kept: it counts from the start of `bytes`. */
  #open(bytes: Uint8Array, end: number): void {
    this.#bytes = bytes
    this.#start = 0
    this.#end = end
  }

  /** Copies what is not used yet, so that the chunk is no longer needed. */
  keepRest(): void {
    const start = this.#start
    const left = this.#end - start
    if (left === 0) {
      this.#rest = emptyBytes
    } else if (this.#bytes !== this.#rest || (start > 0 && left < this.#rest.length >>> 2)) {
      const rest = allocate(left)
      rest.set(this.#bytes.subarray(start, this.#end))
      this.#rest = rest
    } else if (start > 0) {
      this.#rest.copyWithin(0, start, this.#end)
    }
    if (start > 0) this.#rebase(start)
    this.#held = left
    this.#bytes = emptyBytes
  }

  /** Makes positions count from what was `start`. */
  #rebase(start: number): void {
    this.#position -= start
    this.#searched = Math.max(0, this.#searched - start)
    this.#end -= start
    this.#start = 0
    if (this.#argumentsLeft > 0) {
      const { args } = this
      for (let i = 0; i < args.count * 2; i++) args.offsets[i]! -= start
    }
  }

  next(): 'command' | 'more' | 'error' {
    if (this.problem !== '') return 'error'
    const { args } = this
    if (this.#argumentsLeft < 0) {
      for (;;) {
        this.#start = this.#position
        if (this.#position === this.#end) return 'more'
        if (this.#bytes[this.#position] !== asterisk) {
          const found = this.#inline()
          if (found !== 'empty') return found
          continue
        }
        const count = this.#number()
        if (count === undefined) return this.#incomplete()
        if (!(count <= this.#limits.argumentsMax)) return this.#fail('invalid multibulk length')
        if (count <= 0) continue
        args.reset(emptyBytes)
        if (args.offsets.length > offsetsKept) args.offsets = []
        this.#argumentsLeft = count
        break
      }
    }
    while (this.#argumentsLeft > 0) {
      if (this.#bulkLength < 0) {
        if (this.#position === this.#end) return this.#incomplete()
        const marker = this.#bytes[this.#position]!
        if (marker !== dollar) return this.#fail(`expected '$', got '${String.fromCharCode(marker)}'`)
        const length = this.#number()
        if (length === undefined) return this.#incomplete()
        if (!(length >= 0 && length <= this.#limits.bulkBytesMax)) return this.#fail('invalid bulk length')
        this.#bulkLength = length
      }
      const at = this.#position
      const after = at + this.#bulkLength
      if (after + 2 > this.#end) return this.#incomplete()
      args.push(at, after)
      this.#position = after + 2
      this.#bulkLength = -1
      this.#argumentsLeft--
    }
    this.#argumentsLeft = -1
    this.#start = this.#position
    args.bytes = this.#bytes
    return 'command'
  }

  #incomplete(): 'more' | 'error' {
    const bulk = Math.max(this.#bulkLength, 0)
    if (this.#position - this.#start + bulk + this.args.count * 8 > this.#limits.requestBytesMax) {
      return this.#fail('too big request')
    }
    return 'more'
  }

  #fail(problem: string): 'error' {
    this.problem = problem
    return 'error'
  }

  /**
   * The number of the line at the position, which begins with a marker. NaN as soon as it cannot become one, undefined
   * while it is not complete. As strict as Redis with all integers: no leading zeros, no minus before 0.
   */
  #number(): number | undefined {
    const bytes = this.#bytes
    const end = this.#end
    let at = this.#position + 1
    const negative = at < end && bytes[at] === minus
    if (negative) at++
    const digitsStart = at
    let value = 0
    while (at < end) {
      const digit = bytes[at]! - 0x30
      if (digit < 0 || digit > 9) break
      value = value * 10 + digit
      at++
    }
    const digits = at - digitsStart
    if (digits > 19) return Number.NaN
    if (at === end) return undefined
    if (bytes[at] !== carriageReturn || digits === 0) return Number.NaN
    if (bytes[digitsStart] === 0x30 && (digits > 1 || negative)) return Number.NaN
    if (at + 1 === end) return undefined
    this.#position = at + 2
    return negative ? -value : value
  }

  /** Where the next `byte` at or after the position is, -1 if none is there yet: what was searched is not searched again. */
  #find(byte: number): number {
    const from = Math.max(this.#searched, this.#position)
    const end = Math.min(this.#end, this.#position + inlineBytesMax + 1)
    const at = this.#bytes.subarray(0, end).indexOf(byte, from)
    this.#searched = at < 0 ? end : 0
    return at
  }

  #inline(): 'command' | 'more' | 'error' | 'empty' {
    const lineEnd = this.#find(lineFeed)
    const start = this.#position
    if (lineEnd < 0) {
      return this.#end - start > inlineBytesMax ? this.#fail('too big inline request') : 'more'
    }
    const contentEnd = lineEnd > start && this.#bytes[lineEnd - 1] === carriageReturn ? lineEnd - 1 : lineEnd
    this.#position = lineEnd + 1
    this.#start = this.#position
    if (!splitInline(this.#bytes.subarray(start, contentEnd), this.args)) {
      return this.#fail('unbalanced quotes in request')
    }
    return this.args.count === 0 ? 'empty' : 'command'
  }
}

export interface RequestLimits {
  /** Of one argument. */
  readonly bulkBytesMax: number
  /** Of one request's arguments together. */
  readonly requestBytesMax: number
  readonly argumentsMax: number
}

/** Of a line: an inline command, or the number before arguments. */
export const inlineBytesMax = 65_536

/** Where a small rest and the next chunk are put together: in use only between `feed` and `keepRest`, which do not nest. */
const joinedBytes = 262_144
const joined = allocateSlow(joinedBytes)

/** Room for more offsets than that is let go after the command that needed it. */
const offsetsKept = 2048

const asterisk = 0x2a
const dollar = 0x24
const minus = 0x2d
const carriageReturn = 0x0d
const lineFeed = 0x0a
