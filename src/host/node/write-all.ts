import * as fs from 'node:fs'
import { concatBytes } from '#kernel/base/bytes.ts'

/** The system's number for an open file. */
export type Descriptor = number

/** Writes `chunks` one after the other from `position` on. The system may take less than it was given: then the rest follows. */
export function writeAll(
  descriptor: Descriptor,
  position: number,
  chunks: readonly Uint8Array[],
  done: (error: Error | undefined) => void,
): void {
  const written = (error: Error | null, count: number) => {
    if (error) return done(error)
    const rest = after(chunks, count)
    if (rest.length === 0) done(undefined)
    else writeAll(descriptor, position + count, rest, done)
  }
  if (chunks.length === 1) fs.write(descriptor, chunks[0]!, 0, chunks[0]!.length, position, written)
  else fs.writev(descriptor, chunks as Uint8Array[], position, written)
}

/** As `writeAll`, blocking the event loop. @throws the system's error */
export function writeAllNow(descriptor: Descriptor, position: number, chunks: readonly Uint8Array[]): void {
  let at = position
  for (let rest = chunks; rest.length > 0; ) {
    const count =
      rest.length === 1
        ? fs.writeSync(descriptor, rest[0]!, 0, rest[0]!.length, at)
        : fs.writevSync(descriptor, rest as Uint8Array[], at)
    at += count
    rest = after(rest, count)
  }
}

/** What is left of `chunks` without their first `count` bytes. */
function after(chunks: readonly Uint8Array[], count: number): readonly Uint8Array[] {
  let length = 0
  for (const chunk of chunks) length += chunk.length
  return count >= length ? [] : [concatBytes(chunks).subarray(count)]
}
