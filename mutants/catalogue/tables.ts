import type { Mutant } from '../mutant.ts'
import { files } from './files.ts'

/** Rows in memory and files, flush, compaction, the manifest. */
export const tables: readonly Mutant[] = [
  {
    name: 'tombstone-dropped-early',
    story: 'A merge drops tombstones while older files still have the keys: what was deleted comes back.',
    edits: [
      {
        file: files.merge,
        find: '(row.isTombstone && older.find(row.keyBytes, row.keyStart, row.keyEnd) === undefined)',
        replace: 'row.isTombstone',
      },
    ],
    report: {
      in: 'Badger',
      url: 'https://github.com/dgraph-io/badger/issues/2143',
      what: 'Compaction skipped a level that still held older rows and then dropped the tombstone above them.',
    },
  },
  {
    name: 'boundary-file-left-out-of-the-compaction',
    story:
      'A compaction leaves out the last file that overlaps it: a level then has two versions of a key, and the older may win.',
    edits: [
      {
        file: files.compaction,
        find: 'const lower = version.overlapping(level + 1, range)',
        replace: 'const lower = version.overlapping(level + 1, range).slice(0, -1)',
      },
    ],
    report: {
      in: 'LevelDB',
      url: 'https://github.com/google/leveldb/issues/184',
      what: 'Issue 178 of old: files at the boundary with the same user key were not compacted together, and deleted values came back.',
    },
  },
  {
    name: 'older-file-first',
    story: 'The newest file of level 0 is looked at last: overwritten values are back after a flush.',
    edits: [
      {
        file: files.version,
        find: 'if (level === edit.level) tables.unshift(...added)',
        replace: 'if (level === edit.level) tables.push(...added)',
      },
    ],
  },
  {
    name: 'older-row-wins-the-merge',
    story: 'Of rows with one key a merge keeps the oldest.',
    edits: [
      {
        file: files.merge,
        find: 'if (!row.valid || (bestRow !== undefined && compareRows(row, bestRow) >= 0)) continue',
        replace: 'if (!row.valid || (bestRow !== undefined && compareRows(row, bestRow) > 0)) continue',
      },
    ],
  },
  {
    name: 'tombstone-of-level-0-ignored',
    story: 'A read that finds a tombstone in level 0 looks further down and finds the deleted row.',
    edits: [
      {
        file: files.lsmTree,
        find: '      const value = table.get(key, hash)\n      if (value !== undefined) return value ?? undefined\n    }\n    for (let level = 1;',
        replace:
          '      const value = table.get(key, hash)\n      if (value) return value\n    }\n    for (let level = 1;',
      },
    ],
  },
  {
    name: 'reads-skip-what-is-being-flushed',
    story: 'While a flush runs, reads do not look at the rows that it writes and find older ones.',
    edits: [
      {
        file: files.lsmTree,
        find: 'memory = memory === this.#active ? this.#frozen : undefined',
        replace: 'memory = undefined',
      },
    ],
    report: {
      in: 'ScyllaDB',
      url: 'https://github.com/scylladb/scylladb/issues/309',
      what: 'Readers missed the partitions of a memtable that was flushed while they read.',
    },
  },
  {
    name: 'delete-during-a-flush-leaves-no-tombstone',
    story:
      'A deletion does not see that the row is in the table being flushed, leaves no tombstone, and the row is back.',
    edits: [
      {
        file: files.lsmTree,
        find: 'if (row !== 0) return !frozen.isTombstone(row)',
        replace: 'if (row !== 0) return false',
      },
    ],
  },
  {
    name: 'absent-filter-means-absent-key',
    story: 'Where a file’s filter is not in memory a deletion takes the key for absent and leaves no tombstone.',
    edits: [
      {
        file: files.tableFile,
        find: 'if (entry === undefined) return this.footer.rows > 0',
        replace: 'if (entry === undefined) return false',
      },
    ],
  },
  {
    name: 'filter-lacks-keys',
    story: 'Some keys are not added to a file’s filter: they are there and not found.',
    edits: [
      {
        file: files.tableWriter,
        find: 'for (let i = this.#filtered; i < end; i++) addToFilter(this.#filter, this.#hashes[i]!)',
        replace: 'for (let i = this.#filtered + 1; i < end; i++) addToFilter(this.#filter, this.#hashes[i]!)',
      },
    ],
    report: {
      in: 'RocksDB',
      url: 'https://github.com/facebook/rocksdb/pull/4024',
      what: 'A prefix that was taken for a duplicate was not added to the next partition of a filter, and existing keys were skipped.',
    },
  },
  {
    name: 'flush-mark-runs-ahead-of-its-rows',
    story:
      'A flush is marked with what was applied when it ends, not when its rows were frozen: after a restart those between are missing.',
    edits: [
      {
        file: files.shard,
        find: '      await tree.flush({ index, term, meta })\n',
        replace:
          '      const live = this.state\n      await tree.flush({ get index() { return live.index }, get term() { return live.term }, meta })\n',
      },
    ],
    report: {
      in: 'etcd',
      url: 'https://github.com/etcd-io/etcd/issues/13766',
      what: 'In 3.5 the consistent index could be saved without the data that it spoke of, and a crash left members inconsistent.',
    },
  },
  {
    name: 'two-commits-of-files-at-a-time',
    story: 'A flush and a compaction that end together each write a manifest without the other’s files.',
    edits: [
      {
        file: files.treeFiles,
        find: 'const commit = this.#commits.then(() => this.#replaceManifest(edit, mark))',
        replace: 'const commit = this.#replaceManifest(edit, mark)',
      },
    ],
  },
  {
    name: 'file-not-synced-before-it-is-named',
    story: 'The manifest names a file that is not on disk yet.',
    edits: [
      {
        file: files.merge,
        find: '    await this.#write()\n    await file.sync()\n    this.#writer = undefined\n',
        replace: '    await this.#write()\n    this.#writer = undefined\n',
      },
    ],
    report: {
      in: 'HoraeDB',
      url: 'https://github.com/apache/horaedb/issues/394',
      what: 'A file was recorded in the manifest before it was synced, and was empty after a crash.',
    },
  },
  {
    name: 'manifest-not-synced',
    story: 'A new manifest takes the place of the old one before its bytes are on disk.',
    edits: [
      {
        file: files.manifest,
        find: '    if (meta.length > 0) await file.write(head.length, meta)\n    await file.sync()\n',
        replace: '    if (meta.length > 0) await file.write(head.length, meta)\n',
      },
    ],
    report: {
      in: 'goleveldb',
      url: 'https://github.com/syndtr/goleveldb/pull/351',
      what: 'A new manifest was not synced before CURRENT named it and the old one was removed.',
    },
  },
  {
    name: 'manifest-renamed-without-directory-sync',
    story: 'The rename of a manifest is not made durable before files that only the old one names are removed.',
    edits: [
      {
        file: files.manifest,
        find: 'Name}`)\n  await disk.syncDirectory(directory)\n',
        replace: 'Name}`)\n',
      },
    ],
    report: {
      in: 'LevelDB',
      url: 'https://github.com/google/leveldb/issues/195',
      what: 'Nothing made the rename of CURRENT durable before the old manifest and logs were unlinked.',
    },
  },
  {
    name: 'rotten-block-believed',
    story: 'The checksum of a block of a table is not looked at: what rots on the disk is served.',
    edits: [
      {
        file: files.tableFormat,
        find: '  if (stored !== actual) throw',
        replace: '  if (stored !== actual && end < start) throw',
      },
    ],
  },
]
