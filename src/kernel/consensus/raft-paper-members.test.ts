/**
 * "In Search of an Understandable Consensus Algorithm" (Ongaro and Ousterhout, 2014) and the dissertation, sentence by sentence:
 * members, snapshots, clients and leases.
 */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { Configuration } from './configuration.ts'
import type { AppendMessage, Message } from './messages.ts'
import { encodeConfiguration, entryKinds, type Raft } from './raft.ts'
import {
  append,
  appendReply,
  campaign,
  entries,
  heartbeat,
  heartbeatReply,
  leaderAlone,
  propose,
  receive,
  replicaAlone,
  settle,
  termsOf,
  timeoutNow,
  vote,
  voteReply,
  wait,
} from './testing/alone.ts'

const joint: Configuration = { voters: [1, 4, 5], outgoing: [1, 2, 3], learners: [] }

function configure(raft: Raft, configuration: Configuration): Message[] {
  raft.propose(entryKinds.configuration, encodeConfiguration(configuration))
  return settle(raft)
}

/** The answers of `replicas`, which hold everything of the leader's log. */
function hold(raft: Raft, ...replicas: readonly number[]): Message[] {
  const { term, log, nowMs } = raft
  return receive(raft, ...replicas.map((from) => appendReply({ from, term, index: log.lastIndex, roundMs: nowMs })))
}

const appendsTo = (messages: readonly Message[], to: number) =>
  messages.filter((message): message is AppendMessage => message.kind === 'append' && message.to === to)

suite('Raft §6', () => {
  test('a server uses the latest configuration in its log, whether or not it is committed', () => {
    const raft = replicaAlone()
    const entry = { index: 1, term: 1, kind: entryKinds.configuration, data: encodeConfiguration(joint) }
    receive(raft, append({ term: 1, entries: [entry] }))
    assert.deepEqual([raft.configuration, raft.committed], [joint, 0])
  })

  test('and falls back when that entry is replaced', () => {
    const raft = replicaAlone()
    const before = raft.configuration
    const entry = { index: 1, term: 1, kind: entryKinds.configuration, data: encodeConfiguration(joint) }
    receive(raft, append({ term: 1, entries: [entry] }))
    receive(raft, append({ term: 2, entries: entries([2]) }))
    assert.deepEqual(raft.configuration, before)
  })

  test('log entries go to all servers of both configurations', () => {
    const raft = leaderAlone()
    hold(raft, 2, 3)
    configure(raft, joint)
    hold(raft, 2, 3, 4, 5)
    const sent = propose(raft, 'x')
    assert.deepEqual(sent.map(({ to }) => to).sort(), [2, 3, 4, 5])
  })

  test('any server of either configuration may lead', () => {
    for (const configuration of [
      { voters: [1, 4, 5], outgoing: [2, 3, 6], learners: [] },
      { voters: [4, 5, 6], outgoing: [1, 2, 3], learners: [] },
    ]) {
      assert.equal(leaderAlone({ configuration }).role, 'leader')
    }
  })

  test('elections need separate majorities of both', () => {
    for (const { votes, role } of [
      { votes: [2, 3], role: 'preCandidate' },
      { votes: [4, 5], role: 'preCandidate' },
      { votes: [2, 4], role: 'candidate' },
      { votes: [3, 5], role: 'candidate' },
    ] as const) {
      const raft = replicaAlone({ configuration: joint })
      campaign(raft)
      for (const from of votes) receive(raft, voteReply({ from, pre: true, term: 1 }))
      assert.equal(raft.role, role, `votes of 1 and ${votes}`)
    }
  })

  test('commitment needs separate majorities of both, from the configuration itself on', () => {
    for (const { holders, isCommitted } of [
      { holders: [2, 3], isCommitted: false },
      { holders: [4, 5], isCommitted: false },
      { holders: [2, 4], isCommitted: true },
      { holders: [3, 5], isCommitted: true },
    ]) {
      const raft = leaderAlone()
      hold(raft, 2, 3)
      configure(raft, joint)
      hold(raft, ...holders)
      assert.equal(raft.committed === 2, isCommitted, `on 1 and ${holders}`)
    }
  })

  test('a configuration has to wait until the one before is committed', () => {
    const raft = leaderAlone()
    hold(raft, 2, 3)
    configure(raft, joint)
    assert.equal(raft.propose(entryKinds.configuration, encodeConfiguration({ ...joint, outgoing: [] })), 0)
    hold(raft, 2, 4)
    assert.equal(raft.propose(entryKinds.configuration, encodeConfiguration({ ...joint, outgoing: [] })), 3)
  })

  test('learners receive entries, count for no majority and never campaign', () => {
    const configuration = { voters: [1, 2, 3], outgoing: [], learners: [4] }
    const raft = leaderAlone({ configuration })
    receive(raft, appendReply({ from: 4, term: 1, index: 1 }))
    assert.equal(raft.committed, 0)
    assert.equal(appendsTo(propose(raft, 'x'), 4).length, 1)
    const learner = replicaAlone({ configuration: { voters: [2, 3], outgoing: [], learners: [1] } })
    wait(learner, 1000)
    receive(learner, heartbeat({ term: 1 }), timeoutNow({ term: 1 }))
    assert.equal(learner.role, 'follower')
  })

  test('a vote of who is no voter counts for nothing', () => {
    const raft = replicaAlone({ configuration: { voters: [1, 2, 3], outgoing: [], learners: [4] } })
    campaign(raft)
    receive(raft, voteReply({ from: 4, pre: true, term: 1 }), voteReply({ from: 9, pre: true, term: 1 }))
    assert.equal(raft.role, 'preCandidate')
  })

  test('a server votes also for who is not in its configuration', () => {
    const [answer] = receive(replicaAlone(), vote({ from: 9, term: 1 }))
    assert.ok(answer?.kind === 'voteReply' && answer.granted)
  })

  test('a leader that is not in the new configuration does not count itself, and steps down when that is committed', () => {
    const raft = leaderAlone()
    hold(raft, 2, 3)
    configure(raft, { voters: [2, 3], outgoing: [1, 2, 3], learners: [] })
    hold(raft, 2, 3)
    configure(raft, { voters: [2, 3], outgoing: [], learners: [] })
    hold(raft, 2)
    assert.deepEqual([raft.role, raft.committed], ['leader', 2])
    hold(raft, 3)
    assert.deepEqual([raft.role, raft.committed], ['follower', 3])
    wait(raft, 1000)
    assert.equal(raft.role, 'follower')
  })

  test('one that is being removed may still campaign: its log may be needed (dissertation §4.2.2)', () => {
    const raft = replicaAlone({ voters: [1, 2] })
    const data = encodeConfiguration({ voters: [2], outgoing: [], learners: [] })
    receive(raft, append({ term: 1, entries: [{ index: 1, term: 1, kind: entryKinds.configuration, data }] }))
    wait(raft, 200)
    assert.equal(raft.role, 'preCandidate')
    receive(raft, heartbeat({ term: 2, commit: 1 }))
    wait(raft, 1000)
    assert.equal(raft.role, 'follower')
  })
})

suite('Raft §7', () => {
  test('a follower that needs what the leader has forgotten is sent a snapshot', () => {
    const raft = leaderAlone({ boundary: { index: 5, term: 1 }, log: [2] })
    raft.receive(appendReply({ term: 3, accepted: false, index: 3, hintTerm: 1 }), 0)
    assert.deepEqual(raft.ready(0).snapshots, [2])
    receive(raft, heartbeatReply({ term: 3, roundMs: 0 }), heartbeatReply({ from: 3, term: 3, roundMs: 0 }))
    assert.deepEqual(appendsTo(propose(raft, 'x'), 2), [], 'nothing else meanwhile')
  })

  test('so is one whose log parts from the leader’s at the boundary, or below it', () => {
    const raft = leaderAlone({ boundary: { index: 5, term: 2 }, log: [2] })
    raft.receive(appendReply({ term: 3, accepted: false, index: 5, hintTerm: 1 }), 0)
    assert.deepEqual(raft.ready(0).snapshots, [2])
  })

  test('one whose log still holds its last entry keeps what follows; else all goes', () => {
    for (const { log, expected } of [
      { log: [1, 2, 2, 2], expected: [2, 2] },
      { log: [1, 1, 2, 2], expected: [] },
      { log: [1], expected: [] },
    ]) {
      const raft = replicaAlone({ log, term: 3 })
      const configuration = { voters: [1, 2, 9], outgoing: [], learners: [] }
      raft.installSnapshot({ index: 2, term: 2 }, configuration)
      assert.deepEqual([raft.log.boundary, termsOf(raft)], [{ index: 2, term: 2 }, expected])
      assert.deepEqual([raft.committed, raft.configuration], [2, configuration])
    }
  })

  test('of what is kept, that is still written which was not, and that is not durable which is on its way', () => {
    const raft = replicaAlone({ term: 1 })
    raft.receive(append({ term: 1, entries: entries([1, 1, 1]) }), 0)
    raft.ready(0)
    raft.receive(append({ term: 1, prevIndex: 3, prevTerm: 1, entries: entries([1], 4) }), 0)
    raft.installSnapshot({ index: 2, term: 1 }, raft.configuration)
    assert.equal(raft.persistedIndex, 2)
    assert.deepEqual(raft.ready(0).entries, entries([1], 4))
    raft.persisted(3, 1, undefined)
    assert.equal(raft.persistedIndex, 3)
  })

  test('a configuration behind its end stays the newest', () => {
    const raft = replicaAlone({ log: [1, 1] })
    const data = encodeConfiguration(joint)
    const entry = { index: 3, term: 1, kind: entryKinds.configuration, data }
    receive(raft, append({ term: 1, prevIndex: 2, prevTerm: 1, entries: [entry] }))
    raft.installSnapshot({ index: 2, term: 1 }, { voters: [1, 2, 9], outgoing: [], learners: [] })
    assert.deepEqual(raft.configuration, joint)
    assert.deepEqual(raft.configurationAt(2).voters, [1, 2, 9])
  })

  test('after it the leader asks where to go on; only the answer says what the follower holds', () => {
    const raft = leaderAlone({ boundary: { index: 5, term: 1 }, log: [2] })
    receive(raft, appendReply({ term: 3, accepted: false, index: 0 }))
    raft.snapshotFinished(2, 5, true)
    const [asked] = appendsTo(settle(raft), 2)
    assert.deepEqual([asked?.prevIndex, raft.progress.get(2)?.matchIndex], [5, 0])
    receive(raft, appendReply({ term: 3, index: 7 }))
    assert.equal(raft.progress.get(2)?.matchIndex, 7)
  })

  test('one that failed is tried again after an election timeout', () => {
    const raft = leaderAlone({ boundary: { index: 5, term: 1 }, log: [2] })
    const snapshots = (nowMs: number) => {
      receive(raft, heartbeatReply({ from: 3, term: 3, roundMs: raft.nowMs }))
      raft.tick(nowMs)
      return raft.ready(nowMs).snapshots
    }
    raft.receive(appendReply({ term: 3, accepted: false, index: 0 }), 0)
    assert.deepEqual(raft.ready(0).snapshots, [2])
    raft.snapshotFinished(2, 5, false)
    assert.deepEqual([snapshots(0), snapshots(99), snapshots(100)], [[], [], [2]])
  })
})

suite('Raft §8', () => {
  test('a leader begins its term with an entry that does nothing, and serves only when that is committed', () => {
    const raft = leaderAlone({ log: [1, 2] })
    assert.deepEqual(raft.log.entryAt(3), { index: 3, term: 3, kind: entryKinds.noop, data: new Uint8Array(0) })
    receive(raft, heartbeatReply({ term: 3, roundMs: 0 }))
    assert.deepEqual([raft.isReady, raft.holdsLease(0)], [false, false])
    hold(raft, 2)
    assert.deepEqual([raft.isReady, raft.holdsLease(0)], [true, true])
  })

  test('before a read it exchanges heartbeats with a majority, sent after the read came', () => {
    const raft = leaderAlone({ voters: [1, 2, 3, 4, 5] })
    hold(raft, 2, 3)
    wait(raft, 7)
    raft.confirm(7)
    const rounds = settle(raft).map((message) => message.kind === 'heartbeat' && message.roundMs)
    assert.deepEqual(rounds, [7, 7, 7, 7])
    receive(raft, heartbeatReply({ from: 2, term: 1, roundMs: 7 }), heartbeatReply({ from: 3, term: 1, roundMs: 6 }))
    assert.equal(raft.confirmedMs(), 6)
    receive(raft, heartbeatReply({ from: 4, term: 1, roundMs: 7 }))
    assert.equal(raft.confirmedMs(), 7)
  })

  test('in a joint configuration that is a majority of both', () => {
    const raft = leaderAlone({ configuration: joint })
    wait(raft, 5)
    receive(raft, heartbeatReply({ from: 4, term: 1, roundMs: 3 }))
    assert.equal(raft.confirmedMs(), Number.NEGATIVE_INFINITY)
    receive(raft, heartbeatReply({ from: 2, term: 1, roundMs: 2 }))
    assert.equal(raft.confirmedMs(), 2)
  })
})

suite('dissertation §3.10, leadership transfer', () => {
  test('the leader stops taking proposals, brings the other up to date, then tells it to campaign', () => {
    const raft = leaderAlone({ log: [1] })
    assert.ok(raft.transferTo(2, 0))
    assert.equal(raft.propose(entryKinds.command, new Uint8Array(1)), 0)
    assert.deepEqual(settle(raft), [])
    const told = hold(raft, 2)
    assert.deepEqual(
      told.map(({ kind, to }) => [kind, to]),
      [['timeoutNow', 2]],
    )
    assert.deepEqual(hold(raft, 2), [], 'once')
  })

  test('the other campaigns at once, without asking whether it may', () => {
    const raft = replicaAlone({ term: 1 })
    receive(raft, heartbeat({ term: 1 }))
    const asked = receive(raft, timeoutNow({ term: 1 }))
    assert.deepEqual([raft.role, raft.term], ['candidate', 2])
    assert.ok(asked.every((message) => message.kind === 'vote' && !message.pre && message.transfer))
  })

  test('and is voted for by those who hear from the leader (§4.2.3)', () => {
    const raft = replicaAlone({ term: 1 })
    receive(raft, heartbeat({ from: 3, term: 1 }))
    const [answer] = receive(raft, vote({ term: 2, transfer: true }))
    assert.ok(answer?.kind === 'voteReply' && answer.granted)
  })

  test('only the leader that one follows, in its term, can tell one to campaign', () => {
    for (const message of [timeoutNow({ from: 3, term: 2 }), timeoutNow({ term: 1 }), timeoutNow({ term: 3 })]) {
      const raft = replicaAlone({ term: 2 })
      receive(raft, heartbeat({ from: 2, term: 2 }))
      receive(raft, message)
      assert.equal(raft.role, 'follower')
    }
    const raft = leaderAlone({ term: 1 })
    receive(raft, timeoutNow({ term: 2 }))
    assert.equal(raft.role, 'leader')
  })

  test('is given up after an election timeout', () => {
    const raft = leaderAlone()
    raft.transferTo(2, 0)
    wait(raft, 50)
    hold(raft, 3)
    wait(raft, 50)
    assert.equal(raft.propose(entryKinds.command, new Uint8Array(1)), 2)
  })

  test('is only for a voter that is not the leader, one at a time', () => {
    const raft = leaderAlone({ configuration: { voters: [1, 2, 3], outgoing: [], learners: [4] } })
    assert.deepEqual(
      [1, 4, 9].map((to) => raft.transferTo(to, 0)),
      [false, false, false],
    )
    assert.deepEqual([raft.transferTo(2, 0), raft.transferTo(3, 0)], [true, false])
    assert.equal(replicaAlone().transferTo(2, 0), false)
  })
})

suite('dissertation §6.2', () => {
  test('a leader steps down when an election timeout passes without a round to a majority', () => {
    const raft = leaderAlone({ voters: [1, 2, 3, 4, 5] })
    wait(raft, 60)
    receive(raft, heartbeatReply({ from: 2, term: 1, roundMs: 60 }), heartbeatReply({ from: 3, term: 1, roundMs: 40 }))
    wait(raft, 80)
    assert.equal(raft.role, 'leader')
    wait(raft, 1)
    assert.equal(raft.role, 'follower')
  })
})

suite('dissertation §6.4.1, leases', () => {
  test('a lease runs from the sending of the round, not from the answer', () => {
    const raft = leaderAlone()
    hold(raft, 2)
    wait(raft, 60)
    wait(raft, 30)
    receive(raft, heartbeatReply({ term: 1, roundMs: 60 }))
    assert.deepEqual([raft.holdsLease(159), raft.holdsLease(160)], [true, false])
  })

  test('ends before the other is told to lead, for the rest of the term', () => {
    const raft = leaderAlone()
    hold(raft, 2)
    raft.transferTo(2, 0)
    assert.ok(raft.holdsLease(0))
    const told = settle(raft)
    assert.deepEqual([told[0]?.kind, raft.holdsLease(0)], ['timeoutNow', false])
    wait(raft, 100)
    hold(raft, 2, 3)
    assert.deepEqual([raft.transfer, raft.holdsLease(100)], [undefined, false])
  })

  test('is over when its followers may vote, however fast their clocks and slow the leader’s, and not sooner than needed', () => {
    for (const clockDriftMax of [0, 0.01, 0.05, 0.3]) {
      const settings = { clockDriftMax }
      const leader = leaderAlone({ settings })
      hold(leader, 2)
      const follower = replicaAlone({ settings, term: 1 })
      const slow = 1 - clockDriftMax
      const fast = 1 + clockDriftMax
      // The round leaves and arrives at true time 0.
      receive(follower, heartbeat({ term: 1 }))
      const endMs = follower.settings.electionTimeoutMs / fast
      const isLeased = (trueMs: number) => leader.holdsLease(trueMs * slow)
      const votes = (trueMs: number) => {
        follower.nowMs = trueMs * fast
        return !follower.isInLease
      }
      assert.deepEqual([isLeased(endMs - 0.001), votes(endMs - 0.001)], [true, false], `just before, ${clockDriftMax}`)
      assert.deepEqual([isLeased(endMs + 0.001), votes(endMs + 0.001)], [false, true], `just after, ${clockDriftMax}`)
    }
  })

  test('a restarted replica gives no vote for an election timeout after its start, to itself neither; a new one does', () => {
    for (const { term, nowMs, votes } of [
      { term: 1, nowMs: 0, votes: false },
      { term: 1, nowMs: 99, votes: false },
      { term: 1, nowMs: 100, votes: true },
      { term: 0, nowMs: 0, votes: true },
    ]) {
      const asked = replicaAlone({ term, startedMs: 0 })
      asked.nowMs = nowMs
      const answers = receive(asked, vote({ term: 2, pre: true }))
      assert.deepEqual(
        answers.map((answer) => answer.kind === 'voteReply' && answer.granted),
        [votes],
      )
      const asking = replicaAlone({ term, startedMs: 0 })
      asking.nowMs = nowMs
      campaign(asking)
      assert.equal(asking.role === 'preCandidate', votes)
    }
  })

  test('told to campaign before that, it does so as soon as it may', () => {
    const raft = replicaAlone({ term: 1, startedMs: 0 })
    campaign(raft)
    wait(raft, 99)
    assert.equal(raft.role, 'follower')
    wait(raft, 1)
    assert.equal(raft.role, 'preCandidate')
  })

  test('one that is the only voter it knows of has promised nobody anything', () => {
    const raft = replicaAlone({ term: 1, startedMs: 0, voters: [1] })
    campaign(raft)
    assert.equal(raft.role, 'leader')
    const data = encodeConfiguration({ voters: [1], outgoing: [1, 2], learners: [] })
    const joined = replicaAlone({ term: 1, startedMs: 0, voters: [1], configurations: [data] })
    campaign(joined)
    assert.equal(joined.role, 'follower')
  })

  test('a round is acknowledged only when the term is durable: what is not, a restart takes for new', () => {
    const raft = replicaAlone()
    raft.receive(vote({ term: 1 }), 0)
    const { hardState } = raft.ready(0)
    raft.receive(heartbeat({ from: 3, term: 1 }), 0)
    const waiting = raft.ready(0)
    assert.deepEqual([waiting.now, waiting.afterPersist.map(({ kind }) => kind)], [[], ['heartbeatReply']])
    raft.persisted(0, 0, hardState)
    raft.receive(heartbeat({ from: 3, term: 1 }), 0)
    assert.deepEqual(
      raft.ready(0).now.map(({ kind }) => kind),
      ['heartbeatReply'],
    )
  })
})
