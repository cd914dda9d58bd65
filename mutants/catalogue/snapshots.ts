import type { Mutant } from '../mutant.ts'
import { files } from './files.ts'

/** State that goes from one replica to another, or from one life of a node to the next. */
export const snapshots: readonly Mutant[] = [
  {
    name: 'snapshot-claims-more-than-it-has',
    story:
      'A snapshot is announced with the index that is committed instead of that of its files: its last entries are missing.',
    edits: [
      {
        file: files.snapshotTransfer,
        find: '    const head = { group: group.id, term, boundary: { index: mark.index, term: mark.term }, files }\n',
        replace:
          '    const { committed, log } = group.raft\n    const head = { group: group.id, term, boundary: { index: committed, term: log.termAt(committed) }, files }\n',
      },
    ],
    report: {
      in: 'etcd',
      url: 'https://github.com/etcd-io/etcd/issues/8091',
      what: 'The example’s snapshot could lack changes that were committed and not yet applied when it was taken.',
    },
  },
  {
    name: 'snapshot-does-not-hold-its-files',
    story: 'The files of a snapshot that is being sent are closed and removed by the next compaction.',
    edits: [
      {
        file: files.treeFiles,
        find: '    const { tables } = this.#version\n    for (const table of tables) table.acquire()\n',
        replace: '    const { tables } = this.#version\n',
      },
    ],
    report: {
      in: 'RocksDB',
      url: 'https://github.com/facebook/rocksdb/issues/12849',
      what: 'Compactions removed files although backups and checkpoints had asked that none be.',
    },
  },
  {
    name: 'received-files-not-synced',
    story: 'A received snapshot becomes the state before its files are on disk.',
    edits: [
      {
        file: files.installSnapshot,
        // biome-ignore lint/suspicious/noTemplateCurlyInString: a piece of source
        find: '    await syncFile(disk, `${directory}/${tableName(summary.number)}`)\n',
        replace: '',
      },
    ],
    report: {
      in: 'etcd',
      url: 'https://github.com/etcd-io/etcd/issues/22340',
      what: 'A received snapshot was recorded in the log before its file’s name was durable, and was missing after a crash.',
    },
  },
  {
    name: 'old-generation-opened-after-a-snapshot',
    story: 'When a snapshot was taken in, the state of before is opened again, as if it were the new one.',
    edits: [
      {
        file: files.generations,
        find: 'generations.sort((a, b) => b - a)',
        replace: 'generations.sort((a, b) => a - b)',
      },
    ],
    report: {
      in: 'hashicorp/raft',
      url: 'https://github.com/hashicorp/raft/issues/395',
      what: 'Snapshots were ordered by term first, so that the latest was removed and an older one restored.',
    },
  },
  {
    name: 'dedupe-window-not-in-the-snapshot',
    story: 'Which writes have taken effect is not part of a flush or snapshot: a retry after a restart runs again.',
    edits: [
      {
        file: files.shardState,
        find: '    this.replies.write(writer)\n',
        replace: '    new ReplyWindow(0).write(writer)\n',
      },
    ],
  },
  {
    name: 'log-forgets-more-than-the-snapshot-holds',
    story: 'After a flush the log in memory forgets all that is committed: between it and the snapshot is a gap.',
    edits: [
      {
        file: files.driver,
        find: '    group.raft.compact(boundary.index)\n',
        replace: '    group.raft.compact(group.applied)\n',
      },
    ],
    report: {
      in: 'RedisRaft',
      url: 'https://github.com/RedisLabs/redisraft/issues/43',
      what: 'Nodes found a gap between their snapshot and the first index of their log, and could not start.',
    },
  },
  {
    name: 'snapshot-takes-the-log-behind-it',
    story: 'A snapshot makes a follower forget entries behind its end that it has acknowledged.',
    edits: [
      {
        file: files.raftLog,
        find: '    if (this.termAt(boundary.index) === boundary.term && boundary.index >= this.boundary.index) {\n      this.compactTo(boundary.index)\n      return\n    }\n',
        replace: '',
      },
    ],
    report: {
      in: 'etcd',
      url: 'https://github.com/etcd-io/etcd/pull/1837',
      what: 'A snapshot was restored although the log had a longer matching history, which was removed.',
    },
    waitsFor:
      'a follower with entries behind a snapshot’s end that it does not know to be committed: that is told it sooner than a snapshot can come, and one that ends below it is not taken in (of 158 that were, none met such entries)',
  },
  {
    name: 'stop-does-not-wait-for-the-flush',
    story: 'An orderly stop closes the tables in the middle of a flush.',
    edits: [
      {
        file: files.shard,
        find: '    this.#isClosed = true\n    await this.#flushing\n',
        replace: '    this.#isClosed = true\n',
      },
    ],
  },
]
