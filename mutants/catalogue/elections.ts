import type { Mutant } from '../mutant.ts'
import { files } from './files.ts'

/** Terms, votes, who may lead. */
export const elections: readonly Mutant[] = [
  {
    name: 'vote-leaves-before-the-disk',
    story: 'A vote is told before it is durable: after a power loss the voter gives another one in the same term.',
    edits: [
      {
        file: files.raft,
        find: "const isPromise = isVoting || message.kind === 'appendReply'",
        replace: "const isPromise = message.kind === 'appendReply'",
      },
    ],
    report: {
      in: 'hashicorp/raft',
      url: 'https://github.com/hashicorp/raft/issues/661',
      what: 'Term and vote are saved by two writes, so that a crash between them lets a node vote twice in a term.',
    },
  },
  {
    name: 'two-votes-in-a-term',
    story: 'A replica votes for every candidate of a term that asks it: two of them may win.',
    edits: [
      {
        file: files.election,
        find: ': raft.vote === message.from || (raft.vote === 0 && raft.leader === 0)',
        replace: ': raft.leader === 0',
      },
      {
        file: files.raft,
        find: "    assert(term > this.term || (term === this.term && (this.vote === 0 || this.vote === vote)), 'votes stand')\n",
        replace: '',
      },
    ],
    report: {
      in: 'Zeebe',
      url: 'https://github.com/camunda/camunda/issues/5356',
      what: 'The vote was forgotten whenever the known leader changed, and a member voted for two candidates of one term.',
    },
  },
  {
    name: 'older-log-wins',
    story:
      'Voters compare only the lengths of logs: a longer one of an older term wins, and committed entries are lost.',
    edits: [
      {
        file: files.raftLog,
        find: 'return term > this.lastTerm || (term === this.lastTerm && index >= this.lastIndex)',
        replace: 'return index >= this.lastIndex',
      },
    ],
    report: {
      in: 'noraft',
      url: 'https://github.com/sile/noraft/pull/22',
      what: 'The check whether a candidate is up to date looked at the index of its last entry and not at the term.',
    },
  },
  {
    name: 'shorter-log-wins',
    story: 'Voters compare only the last terms: a candidate that lacks committed entries of that term wins.',
    edits: [
      {
        file: files.raftLog,
        find: 'return term > this.lastTerm || (term === this.lastTerm && index >= this.lastIndex)',
        replace: 'return term >= this.lastTerm',
      },
    ],
    report: {
      in: 'liferaft',
      url: 'https://github.com/markwylde/liferaft/issues/8',
      what: 'A voter refused only if both term and index of its own log were higher, and voted for logs that lacked entries.',
    },
  },
  {
    name: 'vote-within-the-lease',
    story:
      'A replica that has just heard from the leader votes for another, while the leader still reads under its lease.',
    edits: [
      {
        file: files.raft,
        find: '    this.voteFromMs = this.nowMs + this.settings.electionTimeoutMs\n',
        replace: '',
      },
    ],
    report: {
      in: 'SOFAJRaft',
      url: 'https://github.com/sofastack/sofa-jraft/issues/25',
      what: 'Followers could elect a new leader while the old one still answered reads under its lease.',
    },
  },
  {
    name: 'restart-votes-at-once',
    story: 'A restarted replica votes at once, though the lease of the leader that it followed before still runs.',
    edits: [
      {
        file: files.raft,
        find: 'this.voteFromMs = isFree ? options.nowMs : options.startedMs + settings.electionTimeoutMs',
        replace: 'this.voteFromMs = options.nowMs',
      },
    ],
    report: {
      in: 'TiKV',
      url: 'https://github.com/tikv/tikv/issues/15035',
      what: 'With one peer isolated, another that restarted voted for it at once, and two leaders held a lease.',
    },
  },
  {
    name: 'leader-takes-over-a-newer-term',
    story: 'A leader that hears of a newer term goes on leading in it, unelected.',
    edits: [
      {
        file: files.raft,
        find: '      this.becomeFollower(message.term, isFromLeader ? message.from : 0)\n',
        replace:
          "      if (this.role === 'leader' && !isFromLeader) this.setTerm(message.term, 0)\n      else this.becomeFollower(message.term, isFromLeader ? message.from : 0)\n",
      },
    ],
    report: {
      in: 'Zeebe',
      url: 'https://github.com/camunda/camunda/issues/5360',
      what: 'A leader that was stepping down appended an entry of its own with the new term, and logs parted.',
    },
  },
  {
    name: 'leader-stays-without-a-majority',
    story:
      'A leader that no majority answers goes on: with links cut one way, its heartbeats keep the others from electing one.',
    edits: [
      {
        file: files.election,
        find: 'if (raft.nowMs > heardMs + raft.settings.electionTimeoutMs) raft.becomeFollower(raft.term, 0)',
        replace: '',
      },
    ],
    report: {
      in: 'etcd',
      url: 'https://github.com/etcd-io/etcd/issues/3866',
      what: 'A leader cut off from the majority never stepped down and held its clients for as long as the cut lasted.',
    },
  },
  {
    name: 'election-restarts-before-answers-come',
    story: 'A candidate begins anew before answers can come: where links are slow, nobody is ever elected.',
    edits: [
      {
        file: files.raft,
        find: "if (this.role !== 'follower' || !this.mayLead) return // an election under way takes its time",
        replace: "if (this.role === 'leader' || !this.mayLead) return",
      },
    ],
  },
]
