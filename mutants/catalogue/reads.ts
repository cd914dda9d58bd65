import type { Mutant } from '../mutant.ts'
import { files } from './files.ts'

/**
 * By itself no bug: a leader that no majority answers goes on for three election timeouts instead of one. Such a leader steps down before
 * another can be elected, which hides most mistakes with reads but for those of a process that stood still.
 */
const lateCheckQuorum = {
  file: files.election,
  find: 'if (raft.nowMs > heardMs + raft.settings.electionTimeoutMs) raft.becomeFollower(raft.term, 0)',
  replace: 'if (raft.nowMs > heardMs + 3 * raft.settings.electionTimeoutMs) raft.becomeFollower(raft.term, 0)',
}

/** Reads, leases, rounds. */
export const reads: readonly Mutant[] = [
  {
    name: 'reads-before-an-entry-of-the-own-term',
    story:
      'A new leader serves before it knows what is committed: it shows what was, as if later writes had never been.',
    edits: [
      {
        file: files.raft,
        find: "return this.role === 'leader' && this.log.termAt(this.committed) === this.term",
        replace: "return this.role === 'leader'",
      },
    ],
    report: {
      in: 'etcd',
      url: 'https://github.com/etcd-io/etcd/issues/7331',
      what: 'Read-index answered by a new leader’s commit index before an entry of its term was committed.',
    },
  },
  {
    name: 'leader-reads-without-asking',
    story:
      'A leader answers reads for as long as it believes itself to be one, also when others have long elected another.',
    edits: [
      {
        file: files.leader,
        find: 'if (nowMs >= this.#leaseUntilMs || ',
        replace: 'if (',
      },
      lateCheckQuorum,
    ],
    report: {
      in: 'Consul',
      url: 'https://github.com/hashicorp/consul/issues/54',
      what: 'Reads were answered from the leader’s state alone, stale where another was elected meanwhile.',
    },
  },
  {
    name: 'any-replica-answers-reads',
    story: 'A replica that does not lead answers reads from what it has applied so far.',
    edits: [
      {
        file: files.leader,
        find: 'if (this.#term === 0 || !this.#holdsLease()) return false',
        replace: 'if (this.#term !== 0 && !this.#holdsLease()) return false',
      },
    ],
    report: {
      in: 'JGroups Raft',
      url: 'https://github.com/jgroups-extras/jgroups-raft/issues/208',
      what: 'Reads were answered from the local replica and saw older values than writes that had completed.',
    },
  },
  {
    name: 'lease-counts-from-the-answer',
    story:
      'A lease runs from when an acknowledgement came, not from when its round was sent: answers that were late on the way prolong it.',
    edits: [
      {
        file: files.replication,
        find: '  noteRound(progress, message.roundMs)\n  if (!message.accepted) {',
        replace: '  noteRound(progress, raft.nowMs)\n  if (!message.accepted) {',
      },
      {
        file: files.replication,
        find: "if (raft.role === 'leader' && progress) noteRound(progress, message.roundMs)",
        replace: "if (raft.role === 'leader' && progress) noteRound(progress, raft.nowMs)",
      },
      lateCheckQuorum,
    ],
  },
  {
    name: 'lease-as-long-as-the-longest-timeout',
    story: 'A lease lasts as long as the longest random timeout of a follower, instead of less than the shortest.',
    edits: [
      {
        file: files.raft,
        find: 'this.leaseMs = (settings.electionTimeoutMs * (1 - settings.clockDriftMax)) / (1 + settings.clockDriftMax)',
        replace: 'this.leaseMs = 2 * settings.electionTimeoutMs',
      },
      lateCheckQuorum,
    ],
  },
  {
    name: 'lease-kept-when-leadership-is-offered',
    story: 'A leader keeps its lease when it has told another to campaign at once, and reads beside the new leader.',
    edits: [
      { file: files.replication, find: '    raft.leaseGivenUp = true // R5: before the message exists\n', replace: '' },
    ],
    report: {
      in: 'TiKV',
      url: 'https://github.com/tikv/tikv/issues/1593',
      what: 'A transfer of leadership lets a follower campaign before its timeout, while the old leader’s lease goes on.',
    },
    waitsFor:
      'an offer to a node while nothing comes back from it or the others: a leader offers now and then by a timer, in few runs, and has to be cut off just then (met once in some 700 seeds)',
  },
  {
    name: 'lease-trusts-a-clock-that-jumped',
    story: 'A leader whose clocks have parted, as after the suspension of its machine, goes on under its lease.',
    edits: [
      { file: files.leader, find: 'return this.#confirmedMs >= this.#clocksAgreeSinceMs', replace: 'return true' },
    ],
    report: {
      in: 'TiKV',
      url: 'https://github.com/tikv/tikv/issues/964',
      what: 'Lease reads trusted the passing of ticks, wrong where the clock drifts or the thread stands still.',
    },
  },
  {
    name: 'read-index-without-its-round',
    story: 'Reads that need a round of heartbeats are answered before a majority has answered it.',
    edits: [
      {
        file: files.leader,
        find: 'if (this.#confirming.length > 0 && group.raft.confirmedMs() >= this.#roundMs) this.#serveConfirmed()',
        replace: 'if (this.#confirming.length > 0) this.#serveConfirmed()',
      },
      lateCheckQuorum,
    ],
    report: {
      in: 'SwarmKit',
      url: 'https://github.com/moby/swarmkit/issues/1341',
      what: 'A leader that had lost its quorum went on to answer read-only requests.',
    },
  },
  {
    name: 'read-shows-an-unfinished-write',
    story:
      'A read over effects in flight is answered at once, with a write of another connection that may never be committed.',
    edits: [
      {
        file: files.leader,
        find: 'if (newest) newest.attached.push({ call, reply: reply.copy() })',
        replace: 'if (newest) this.#newestOf(call).replied(reply.copy())',
      },
    ],
    report: {
      in: 'RethinkDB',
      url: 'https://github.com/rethinkdb/rethinkdb/issues/3895',
      what: 'Reads saw writes that were not yet on a majority and were lost in the next failover.',
    },
  },
]
