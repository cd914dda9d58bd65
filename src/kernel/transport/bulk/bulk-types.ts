import type { ErrorCode } from '#kernel/base/errors.ts'
import type { NodeId } from '../transport-types.ts'

/** The sending side of one stream of bulk bytes. One `write` or `end` at a time. */
export interface BulkWriter {
  /**
   * Resolves when all of `bytes` is handed to the network and more may be written: the receiver's credit and the connection
   * decide. The bytes must not be changed any more.
   * @throws UnumError `CONNECTION_FAILED`: not connected, or lost; `UNAVAILABLE`: refused over there, or too many streams;
   *   otherwise the code with which the other side, or `abort`, ended it.
   */
  write(bytes: Uint8Array): Promise<void>
  /**
   * No more will come. Resolves when the handler over there has returned.
   * @throws UnumError as `write`; `OUTCOME_UNKNOWN`: the connection was lost after everything was sent.
   */
  end(): Promise<void>
  /** Gives up: the other side gets an error with this code. Does nothing after the end. */
  abort(code: ErrorCode, message: string): void
}

/** The receiving side of one stream. */
export interface BulkReader {
  readonly from: NodeId
  /** What the sender said of it at opening. */
  readonly meta: Uint8Array
  /**
   * The next bytes, in the pieces in which they came, at most `bulkChunkBytesMax` each; undefined at the end. They belong to
   * the caller. One call at a time. Taking a piece lets the sender send as much more.
   * @throws UnumError `CONNECTION_FAILED`, or the code with which the sender aborted it.
   */
  read(): Promise<Uint8Array | undefined>
}

/**
 * Runs once per stream. Its return, after it has read to the end, tells the sender that all is done; an error that it throws
 * is the sender's error. Returning before the end aborts the stream.
 */
export type BulkHandler = (stream: BulkReader) => Promise<void>
