/**
 * What a node has asked of its disk and not yet synced, so that a loss of power can take it back. Written by the node's process
 * (`watch-disk.ts`), before each change; read by whoever plays the power loss, when that process is gone.
 *
 * A record is its header's length (u32), the header as JSON, and the bytes that were there before.
 */
import { closeSync, fstatSync, openSync, readFileSync, renameSync, writevSync } from 'node:fs'

/** Bytes of a file (by its inode: names change) were written, or cut off. */
export interface BytesChange {
  readonly kind: 'bytes'
  readonly id: number
  readonly inode: number
  readonly at: number
  readonly length: number
  /** Bytes that follow the header; those after them were not there, or zeros. */
  readonly before: number
}

/** A name in `directory` came to be, changed, or went. What it stood for before is kept under the name `id` in the folder for that. */
export interface NameChange {
  readonly kind: 'create' | 'rename' | 'remove'
  readonly id: number
  readonly directory: string
  readonly path: string
  /** Of a rename: what it was before. */
  readonly from?: string
  readonly isKept: boolean
}

export type Change = BytesChange | NameChange

interface Synced {
  readonly kind: 'synced'
  readonly ids: readonly number[]
}

/** With the bytes that were there before. */
export interface Pending {
  readonly change: Change
  readonly before: Uint8Array
}

/** A journal that has grown to this is written anew with what is still pending, and again at twice the size that it then has. */
const rewriteAtBytes = 16 << 20
const headerLengthBytes = 4

export class Journal {
  readonly #path: string
  readonly pending = new Map<number, Change>()
  nextId: number
  #file: number
  #rewriteAtBytes = rewriteAtBytes

  constructor(path: string) {
    this.#path = path
    this.#file = openSync(path, 'a')
    const pending = readJournal(path)
    for (const { change } of pending) this.pending.set(change.id, change)
    this.nextId = pending.reduce((next, { change }) => Math.max(next, change.id + 1), 1)
  }

  begin(change: Change, before: Uint8Array): void {
    this.pending.set(change.id, change)
    this.#append(change, before)
  }

  /** No loss of power can take these back any more. */
  synced(ids: readonly number[]): void {
    if (ids.length === 0) return
    for (const id of ids) this.pending.delete(id)
    this.#append({ kind: 'synced', ids }, new Uint8Array(0))
    if (fstatSync(this.#file).size > this.#rewriteAtBytes) this.#rewrite()
  }

  /** Old or new as a whole: the process may be killed at any time. */
  #rewrite(): void {
    const pending = readJournal(this.#path)
    closeSync(this.#file)
    const rewritten = `${this.#path}.new`
    this.#file = openSync(rewritten, 'w')
    for (const { change, before } of pending) this.#append(change, before)
    this.#rewriteAtBytes = Math.max(rewriteAtBytes, 2 * fstatSync(this.#file).size)
    renameSync(rewritten, this.#path)
  }

  #append(header: Change | Synced, bytes: Uint8Array): void {
    const text = Buffer.from(JSON.stringify(header))
    const length = Buffer.alloc(headerLengthBytes)
    length.writeUInt32LE(text.length)
    writevSync(this.#file, [length, text, bytes])
  }
}

/** Changes that are not synced, oldest first. A record that was cut short is of a change that was not yet asked for. */
export function readJournal(path: string): Pending[] {
  const bytes = readOrEmpty(path)
  const pending = new Map<number, Pending>()
  for (let at = 0; at + headerLengthBytes <= bytes.length; ) {
    const headerEnd = at + headerLengthBytes + bytes.readUInt32LE(at)
    if (headerEnd > bytes.length) break
    const header: Change | Synced = JSON.parse(bytes.toString('utf8', at + headerLengthBytes, headerEnd))
    const end = headerEnd + (header.kind === 'bytes' ? header.before : 0)
    if (end > bytes.length) break
    if (header.kind === 'synced') for (const id of header.ids) pending.delete(id)
    else pending.set(header.id, { change: header, before: bytes.subarray(headerEnd, end) })
    at = end
  }
  return [...pending.values()]
}

function readOrEmpty(path: string): Buffer {
  try {
    return readFileSync(path)
  } catch {
    return Buffer.alloc(0)
  }
}
