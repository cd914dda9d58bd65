import type { Mutant } from '../mutant.ts'
import { files } from './files.ts'

/**
 * By itself no bug: what is sent to learn where logs agree carries no entries, as in many implementations. Ours does carry them, and a
 * conflict among them takes away the rests that some bugs are about.
 */
const emptyProbes = {
  file: files.replication,
  find: 'const entries = hasMore ?',
  replace: 'const entries = hasMore && !isProbe ?',
}

/** Logs that agree, what is committed, and when a copy counts. */
export const replication: readonly Mutant[] = [
  {
    name: 'old-term-committed-by-counting',
    story:
      'A leader counts copies of entries of earlier terms: what it calls committed may still be replaced (Raft figure 8).',
    edits: [
      {
        file: files.replication,
        find: 'if (index <= raft.committed || raft.log.termAt(index) !== raft.term) return',
        replace: 'if (index <= raft.committed) return',
      },
    ],
    report: {
      in: 'LogCabin',
      url: 'https://github.com/logcabin/logcabin/issues/44',
      what: 'Entries of earlier terms were committed once a quorum stored them, without one of the current term.',
    },
  },
  {
    name: 'append-checks-no-term',
    story: 'A follower takes entries where it has any entry before them, also one of another history.',
    edits: [
      {
        file: files.replication,
        find: 'if (raft.log.termAt(prevIndex) !== prevTerm) {',
        replace: 'if (raft.log.termAt(prevIndex) < 0) {',
      },
    ],
    report: {
      in: 'Kafka',
      url: 'https://kafka-options-explorer.conduktor.io/kip/101',
      what: 'KIP-101: followers cut their logs by a position instead of by the epoch of its leader, and logs parted or lost records.',
    },
  },
  {
    name: 'commit-beyond-the-message',
    story:
      'A follower commits up to the end of its log, also what an earlier leader left there. Probes carry no entries here.',
    edits: [
      emptyProbes,
      {
        file: files.replication,
        find: 'commitTo(raft, Math.min(message.commit, message.prevIndex + message.entries.length))',
        replace: 'commitTo(raft, Math.min(message.commit, raft.log.lastIndex))',
      },
    ],
    report: {
      in: 'ScyllaDB',
      url: 'https://github.com/scylladb/scylladb/issues/9965',
      what: 'A follower took entries behind those of a message for committed, though they were of an earlier leader.',
    },
  },
  {
    name: 'heartbeat-commits-what-does-not-match',
    story: 'A heartbeat names the leader’s whole commitment, and the follower applies what it has at those indexes.',
    edits: [
      {
        file: files.replication,
        find: 'const commit = Math.min(raft.committed, progress.matchIndex)',
        replace: 'const commit = raft.committed',
      },
      {
        file: files.replication,
        find: 'commitTo(raft, message.commit)',
        replace: 'commitTo(raft, Math.min(message.commit, raft.log.lastIndex))',
      },
    ],
    report: {
      in: 'CockroachDB',
      url: 'https://github.com/cockroachdb/cockroach/issues/36353',
      what: 'Heartbeats of many groups in one made a follower commit an entry of an older term at the leader’s index.',
    },
  },
  {
    name: 'append-replaces-what-agrees',
    story: 'An append that comes again makes the follower forget entries behind it that it has already acknowledged.',
    edits: [{ file: files.replication, find: '    if (known === entry.term) continue\n', replace: '' }],
    report: {
      in: 'hashicorp/raft',
      url: 'https://github.com/hashicorp/raft/pull/113',
      what: 'Entries that agreed with a request were cut off and appended again: a crash between lost them.',
    },
  },
  {
    name: 'followers-acknowledge-before-the-disk',
    story: 'A follower acknowledges entries that it has not synced: what is committed by them is lost with the power.',
    edits: [
      {
        file: files.raft,
        find: "const isPromise = isVoting || message.kind === 'appendReply'",
        replace: 'const isPromise = isVoting',
      },
    ],
    report: {
      in: 'TiKV',
      url: 'https://github.com/tikv/tikv/issues/994',
      what: 'Followers answered appends before their log was synced, so that a crash took back what was acknowledged.',
    },
  },
  {
    name: 'leader-counts-what-it-has-not-written',
    story:
      'The leader counts its own copy before it is durable: alone, it acknowledges writes that a power loss takes back.',
    edits: [
      {
        file: files.replication,
        find: 'replica === raft.self ? raft.persistedIndex :',
        replace: 'replica === raft.self ? raft.log.lastIndex :',
      },
    ],
    report: {
      in: 'etcd',
      url: 'https://github.com/etcd-io/etcd/issues/14370',
      what: 'A cluster of one member answered writes before its write-ahead log was synced.',
    },
  },
  {
    name: 'truncation-is-not-written',
    story: 'Entries that replace others are not written to the log: after a restart the replaced ones are back.',
    edits: [{ file: files.raft, find: '    this.#persistFrom = Math.min(this.#persistFrom, index)\n', replace: '' }],
    report: {
      in: 'Qdrant',
      url: 'https://github.com/qdrant/qdrant/pull/1329',
      what: 'The cut of a log at its first conflicting entry was not persisted rightly, and restarts found another log.',
    },
  },
  {
    name: 'follower-acknowledges-its-own-end',
    story:
      'A follower answers with the end of its log instead of that of the message, and its old entries count as copies. Probes carry no entries here.',
    edits: [
      emptyProbes,
      {
        file: files.replication,
        find: 'raft.send({ ...reply, accepted: true, index: prevIndex + message.entries.length, hintTerm: 0 })',
        replace: 'raft.send({ ...reply, accepted: true, index: raft.log.lastIndex, hintTerm: 0 })',
      },
    ],
    report: {
      in: 'RavenDB',
      url: 'https://github.com/ravendb/ravendb/pull/9325',
      what: 'A follower reported its latest entry, which might be of another term, and both committed different ones.',
    },
  },
  {
    name: 'two-of-five-are-enough',
    story: 'In clusters of five, two copies commit an entry: three other nodes can go on without it.',
    edits: [
      {
        file: files.quorum,
        find: 'values[majorityOf(values.length) - 1]!',
        replace: 'values[majorityOf(values.length) - 2]!',
      },
    ],
  },
  {
    name: 'progress-survives-a-reign',
    story: 'A leader that is elected again still believes what followers had in its earlier term, and commits by it.',
    edits: [{ file: files.raft, find: '    this.progress.clear()\n', replace: '' }],
  },
  {
    name: 'promises-leave-a-batch-early',
    story: 'Acknowledgements and votes leave when the batch before theirs is synced.',
    edits: [
      {
        file: files.driver,
        find: 'if (ticket.batch > batch) break',
        replace: 'if (ticket.batch > batch + 1) break',
      },
    ],
    report: {
      in: 'etcd',
      url: 'https://github.com/etcd-io/etcd/issues/10166',
      what: 'Users of the library met logs that were not fully persisted when their acknowledgement had left.',
    },
  },
  {
    name: 'messages-name-the-group-of-the-first',
    story: 'In a frame of messages of many groups each is given to the group of the first.',
    edits: [
      {
        file: files.driver,
        find: '      writer.varint(group)\n',
        replace: '      writer.varint(queued[0]!.group)\n',
      },
    ],
  },
]
