import type { Mutant } from '../mutant.ts'
import { files } from './files.ts'

/** The node log: segments, batches, recovery. */
export const nodeLog: readonly Mutant[] = [
  {
    name: 'rotation-without-a-sync',
    story: 'The first batch of a segment is written and not synced: what it acknowledged is lost with the power.',
    edits: [
      {
        file: files.nodeLog,
        find: '    file.writeDurably(position, chunks, this.#written)\n',
        replace: `    if (batch.completes) {
      let at = position
      const writes = chunks.map((chunk) => file.write((at += chunk.length) - chunk.length, chunk))
      Promise.all(writes).then(() => this.#written(), this.#written)
    } else file.writeDurably(position, chunks, this.#written)
`,
      },
    ],
    report: {
      in: 'YugabyteDB',
      url: 'https://github.com/yugabyte/yugabyte-db/issues/3490',
      what: 'At the change of segments of the write-ahead log a sync was missing, and a crash left a gap in it.',
    },
  },
  {
    name: 'segment-name-not-synced',
    story: 'A new segment is synced but not its name in the directory: a power loss takes the whole file.',
    edits: [
      {
        file: files.segmentFiles,
        find: '    const file = await disk.open(path, { create: spare === undefined })\n    await disk.syncDirectory(directory)\n',
        replace: '    const file = await disk.open(path, { create: spare === undefined })\n',
      },
    ],
    report: {
      in: 'etcd',
      url: 'https://github.com/etcd-io/etcd/issues/6368',
      what: 'The directory was not synced after the write-ahead log’s file was renamed, so acknowledged data could vanish.',
    },
  },
  {
    name: 'torn-batch-believed',
    story:
      'A batch whose checksum is wrong is believed: what a power loss left of the last write is taken for records.',
    edits: [
      {
        file: files.segmentReader,
        find: 'const isWhole = crc32c(this.#window, start + batchHeaderBytes, start + length, this.#salt) === header.bodyChecksum',
        replace: 'const isWhole = true',
      },
    ],
    report: {
      in: 'etcd',
      url: 'https://github.com/etcd-io/etcd/issues/14098',
      what: 'After the loss of unsynced writes a node could not start, as the torn end of its log was read as records.',
    },
  },
  {
    name: 'segment-given-up-while-a-group-needs-it',
    story: 'A segment is removed although one group’s entries in it are in no file yet.',
    edits: [{ file: files.batchQueue, find: 'if (pins.length > 0) break', replace: 'if (pins.length > 1) break' }],
  },
  {
    name: 'opening-forgets-the-term',
    story: 'The description of groups at a segment’s beginning has term 0: after a restart terms begin anew.',
    edits: [
      {
        file: files.batchEncoder,
        find: '      writer.uint8(group.isDamaged ? 1 : 0)\n      writer.varint(group.term)\n',
        replace: '      writer.uint8(group.isDamaged ? 1 : 0)\n      writer.varint(0)\n',
      },
    ],
    report: {
      in: 'raft-java',
      url: 'https://github.com/wenweihu86/raft-java/issues/57',
      what: 'A new term was not persisted, so that a restart brought an old one back.',
    },
  },
  {
    name: 'batch-memory-used-while-it-is-written',
    story: 'The memory of a batch is filled with the next one before the disk has taken it.',
    edits: [
      {
        file: files.batchQueue,
        find: '    this.#encoder = this.#idleEncoders.pop() ?? new BatchEncoder()\n',
        replace: '    encoder.reset()\n',
      },
      {
        file: files.batchQueue,
        find: '    encoder.reset()\n    if (this.#idleEncoders.length < idleEncodersMax) this.#idleEncoders.push(encoder)\n',
        replace: '',
      },
    ],
    report: {
      in: 'Apache Ratis',
      url: 'https://github.com/apache/ratis/pull/1113',
      what: 'Entries were queued for the log’s writer without holding on to their buffers, which were used again meanwhile.',
    },
  },
  {
    name: 'recycled-bytes-pass-for-new-ones',
    story: 'Checksums of a segment do not depend on its number: batches of before in a recycled file are valid.',
    edits: [
      {
        file: files.logFormat,
        find: '  setUint64(new DataView(bytes.buffer), 0, id)\n  return crc32c(bytes)\n',
        replace: '  setUint64(new DataView(bytes.buffer), 0, 1)\n  return crc32c(bytes)\n',
      },
    ],
    report: {
      in: 'Pebble',
      url: 'https://github.com/cockroachdb/pebble/pull/580',
      what: 'A recycled log file could hold old records that looked valid and were replayed again.',
    },
  },
  {
    name: 'failed-sync-goes-on',
    story: 'A write or sync of the log that failed is taken for done, and what it held is acknowledged.',
    edits: [
      {
        file: files.nodeLog,
        find: '    if (error) this.#fail(error)\n    else this.#tellFull(false)\n',
        replace: '    this.#tellFull(false)\n',
      },
    ],
    report: {
      in: 'hashicorp/raft-wal',
      url: 'https://github.com/hashicorp/raft-wal/pull/32',
      what: 'After a failed write or sync the log went on with an inner state that was not what the disk held.',
    },
  },
]
