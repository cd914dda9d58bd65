import { type BatchHeader, batchHeaderBytes, type Compression } from './batch-header.ts'
import { invalid } from './record-cursor.ts'

/** What a host offers: the bytes of all records of a batch. Throws where they are none, or more than `bytesMax`. */
export type Decompress = (
  compression: Exclude<Compression, 'none'>,
  bytes: Uint8Array,
  options: { readonly bytesMax: number },
) => Uint8Array

export interface Decompression {
  readonly decompress: Decompress
  /** Of one batch's records: a few bytes can stand for very many. */
  readonly decompressedBytesMax: number
}

/** The records of a batch, and where they are. */
export interface PlainRecords {
  readonly bytes: Uint8Array
  readonly start: number
  readonly end: number
}

/**
 * @param decompression not needed for what is not compressed
 * @throws KafkaError `INVALID_RECORD` where they cannot be decompressed
 */
export function plainRecords(header: BatchHeader, decompression: Decompression | undefined): PlainRecords {
  const { bytes, start, end, compression } = header
  const from = start + batchHeaderBytes
  if (compression === 'none') return { bytes, start: from, end }
  if (compression === undefined || decompression === undefined) {
    throw invalid(`A batch is compressed in a way that is not known here: ${compression ?? header.attributes & 7}`)
  }
  const { decompress, decompressedBytesMax } = decompression
  const plain = decompressed(() =>
    decompress(compression, bytes.subarray(from, end), { bytesMax: decompressedBytesMax }),
  )
  if (plain.length > decompressedBytesMax) {
    throw invalid(`A batch has ${plain.length} bytes of records: at most ${decompressedBytesMax}`)
  }
  return { bytes: plain, start: 0, end: plain.length }
}

function decompressed(act: () => Uint8Array): Uint8Array {
  try {
    return act()
  } catch (error) {
    throw invalid(`A batch cannot be decompressed: ${(error as Error).message}`, { cause: error })
  }
}
