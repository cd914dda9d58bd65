/**
 * "In Search of an Understandable Consensus Algorithm" (Ongaro and Ousterhout, 2014), sentence by sentence: terms and elections.
 * Pre-votes (dissertation §9.6) come before elections here, so what the paper says of elections is tested behind them.
 */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { Message } from './messages.ts'
import type { Raft } from './raft.ts'
import {
  append,
  appendReply,
  campaign,
  heartbeat,
  heartbeatReply,
  leaderAlone,
  receive,
  replicaAlone,
  settle,
  timeoutNow,
  vote,
  voteReply,
  wait,
} from './testing/alone.ts'

const states: Record<string, () => Raft> = {
  follower: () => replicaAlone({ term: 4 }),
  'pre-candidate': () => {
    const raft = replicaAlone({ term: 4 })
    campaign(raft)
    return raft
  },
  candidate: () => candidate({ term: 3 }),
  leader: () => leaderAlone({ term: 3 }),
}

/** Replica 1 after a won pre-vote: a candidate in the next term. */
function candidate(options: Parameters<typeof replicaAlone>[0] = {}): Raft {
  const raft = replicaAlone(options)
  campaign(raft)
  for (const from of raft.configuration.voters) {
    if (raft.role !== 'candidate') receive(raft, voteReply({ from, pre: true, term: raft.term + 1 }))
  }
  return raft
}

const kindsOf = (messages: readonly Message[]) => messages.map(({ kind }) => kind)

suite('Raft §5.1', () => {
  test('if one term is smaller than another, the server takes the larger one, and reverts to follower if it was not one', () => {
    const messages = [
      append({ term: 9 }),
      heartbeat({ term: 9 }),
      appendReply({ term: 9 }),
      heartbeatReply({ term: 9 }),
      voteReply({ term: 9, granted: false }),
      voteReply({ term: 9, pre: true, granted: false }),
      timeoutNow({ term: 9 }),
      vote({ term: 9, transfer: true }),
    ]
    for (const [name, create] of Object.entries(states)) {
      for (const message of messages) {
        const raft = create()
        receive(raft, message)
        assert.equal(raft.term, 9, `${name} gets ${message.kind}`)
        assert.equal(raft.role, 'follower', `${name} gets ${message.kind}`)
        assert.equal(raft.vote, message.kind === 'vote' ? 2 : 0, 'a new term has a vote to give')
      }
    }
  })

  test('a request with a stale term is rejected, and the answer names the newer term', () => {
    for (const [name, create] of Object.entries(states)) {
      for (const message of [
        append({ term: 3 }),
        heartbeat({ term: 3 }),
        vote({ term: 3 }),
        vote({ term: 3, pre: true }),
      ]) {
        const raft = create()
        const [answer] = receive(raft, message)
        assert.equal(answer?.term, 4, `${name} gets ${message.kind}`)
        assert.ok(answer?.kind === 'heartbeatReply' || (answer?.kind === 'voteReply' && !answer.granted))
        assert.deepEqual([raft.term, raft.leader === 2], [4, false])
      }
    }
  })

  test('an answer with a stale term counts for nothing', () => {
    const raft = candidate({ term: 3, voters: [1, 2, 3] })
    receive(raft, voteReply({ term: 3 }), voteReply({ from: 3, term: 3 }))
    assert.equal(raft.role, 'candidate')
    const leader = leaderAlone({ term: 3 })
    receive(leader, appendReply({ term: 3, index: 1 }), appendReply({ from: 3, term: 3, index: 1 }))
    assert.equal(leader.committed, 0)
  })

  test('the term, and a vote in it, are durable before anyone is told', () => {
    const raft = replicaAlone()
    raft.receive(vote({ term: 1 }), 0)
    const { now, afterPersist, hardState } = raft.ready(0)
    assert.deepEqual(hardState, { term: 1, vote: 2 })
    assert.deepEqual([kindsOf(now), kindsOf(afterPersist)], [[], ['voteReply']])
  })
})

suite('Raft §5.2', () => {
  test('servers begin as followers', () => {
    const raft = replicaAlone({ term: 3, vote: 1 })
    assert.deepEqual([raft.role, raft.leader], ['follower', 0])
  })

  test('a server remains a follower as long as it hears from a leader or votes for a candidate', () => {
    const signs = [() => heartbeat({ term: 2 }), () => append({ term: 2 })]
    for (const sign of signs) {
      const raft = replicaAlone({ term: 2 })
      for (let round = 0; round < 10; round++) {
        wait(raft, 90)
        receive(raft, sign())
      }
      assert.deepEqual([raft.role, raft.term, raft.leader], ['follower', 2, 2])
    }
    const voter = replicaAlone({ term: 2 })
    wait(voter, 99)
    receive(voter, vote({ term: 3 }))
    wait(voter, 99)
    assert.equal(voter.role, 'follower')
  })

  test('one that hears nothing for its election timeout begins an election, and nobody sooner', () => {
    const raft = replicaAlone()
    wait(raft, 99)
    assert.equal(raft.role, 'follower')
    wait(raft, 101)
    assert.equal(raft.role, 'preCandidate')
  })

  test('a candidate increments its term, votes for itself and asks all other servers, in parallel', () => {
    const raft = replicaAlone({ term: 3, voters: [1, 2, 3, 4, 5], log: [1, 3] })
    campaign(raft)
    receive(raft, voteReply({ from: 2, pre: true, term: 4 }))
    const asked = receive(raft, voteReply({ from: 3, pre: true, term: 4 }))
    assert.deepEqual([raft.role, raft.term, raft.vote, raft.leader], ['candidate', 4, 1, 0])
    const expected = [2, 3, 4, 5].map((to) => {
      return { kind: 'vote', from: 1, to, term: 4, pre: false, transfer: false, lastIndex: 2, lastTerm: 3 }
    })
    assert.deepEqual(asked, expected)
  })

  test('the own vote counts only when it is durable, and nobody is asked before', () => {
    const raft = replicaAlone({ voters: [1, 2] })
    campaign(raft)
    raft.receive(voteReply({ pre: true, term: 1 }), 0)
    const { hardState, now, afterPersist } = raft.ready(0)
    assert.deepEqual([kindsOf(now), kindsOf(afterPersist)], [[], ['vote']])
    raft.receive(voteReply({ term: 1 }), 0)
    assert.equal(raft.role, 'candidate')
    raft.persisted(0, 0, hardState)
    assert.equal(raft.role, 'leader')
  })

  test('a candidate wins with the votes of a majority of the full cluster for the same term', () => {
    for (let size = 1; size <= 7; size++) {
      const voters = Array.from({ length: size }, (_, i) => i + 1)
      for (let others = 0; others < size; others++) {
        const raft = candidate({ voters })
        for (const from of voters.slice(1, others + 1)) receive(raft, voteReply({ from, term: 1 }))
        const isElected = others + 1 > size / 2
        assert.equal(raft.role, isElected ? 'leader' : 'candidate', `${others + 1} of ${size}`)
      }
    }
  })

  test('a majority of refusals ends a candidacy', () => {
    const raft = candidate({ voters: [1, 2, 3, 4, 5] })
    for (const from of [2, 3]) receive(raft, voteReply({ from, term: 1, granted: false }))
    assert.equal(raft.role, 'candidate')
    receive(raft, voteReply({ from: 4, term: 1, granted: false }))
    assert.equal(raft.role, 'follower')
  })

  test('a vote counts once, however often the answer comes, and the first answer stands', () => {
    const raft = candidate({ voters: [1, 2, 3, 4, 5] })
    receive(raft, voteReply({ term: 1 }), voteReply({ term: 1 }), voteReply({ term: 1 }))
    assert.equal(raft.role, 'candidate')
    receive(raft, voteReply({ from: 3, term: 1, granted: false }), voteReply({ from: 3, term: 1 }))
    assert.equal(raft.role, 'candidate')
  })

  test('each server votes for at most one candidate in a term, first come first served', () => {
    const raft = replicaAlone()
    const grants = [2, 3, 2].map((from) => {
      const [answer] = receive(raft, vote({ from, term: 1 }))
      return answer?.kind === 'voteReply' && answer.granted
    })
    assert.deepEqual(grants, [true, false, true])
    const restarted = replicaAlone({ term: 1, vote: 2 })
    const [answer] = receive(restarted, vote({ from: 3, term: 1 }))
    assert.ok(answer?.kind === 'voteReply' && !answer.granted)
  })

  test('a new leader tells all others at once', () => {
    const raft = candidate({ voters: [1, 2, 3] })
    const told = receive(raft, voteReply({ term: 1 }))
    assert.deepEqual(
      told.map(({ kind, to }) => `${kind} ${to}`),
      ['append 2', 'append 3'],
    )
  })

  test('leaders send heartbeats to all followers', () => {
    const raft = leaderAlone()
    for (let round = 0; round < 4; round++) {
      const beats = wait(raft, 20).filter(({ kind }) => kind === 'heartbeat')
      assert.deepEqual(
        beats.map(({ to }) => to),
        [2, 3],
      )
    }
  })

  test('a candidate that hears from a leader of its term or a later one returns to follower; of an earlier one, it goes on', () => {
    for (const sign of [append, heartbeat]) {
      for (const term of [4, 5]) {
        const raft = candidate({ term: 3 })
        receive(raft, sign({ term }))
        assert.deepEqual([raft.role, raft.term, raft.leader], ['follower', term, 2])
      }
      const raft = candidate({ term: 3 })
      receive(raft, sign({ term: 3 }))
      assert.deepEqual([raft.role, raft.term], ['candidate', 4])
    }
  })

  test('a candidate whose election comes to nothing times out and begins another in a later term', () => {
    const raft = candidate()
    wait(raft, 200)
    assert.equal(raft.role, 'preCandidate')
    receive(raft, voteReply({ pre: true, term: 2 }))
    assert.deepEqual([raft.role, raft.term], ['candidate', 2])
  })

  test('election timeouts are spread at random over one to two election timeouts, anew for each election', () => {
    const timeouts = new Set<number>()
    for (let seed = 1; seed <= 40; seed++) {
      const raft = replicaAlone({ seed })
      for (let round = 0; round < 3; round++) {
        const timeoutMs = Math.round(raft.electionDeadlineMs - raft.nowMs)
        assert.ok(timeoutMs >= 100 && timeoutMs <= 200)
        timeouts.add(timeoutMs)
        wait(raft, timeoutMs + 1)
        assert.equal(raft.role, 'preCandidate')
      }
    }
    assert.ok(timeouts.size > 50, `only ${timeouts.size} different ones of 120`)
    assert.ok(Math.min(...timeouts) < 110 && Math.max(...timeouts) > 190)
  })
})

suite('Raft §5.4.1', () => {
  test('the voter denies its vote if its own log is more up-to-date: by the last term, then by length', () => {
    for (const { lastIndex, lastTerm, granted } of [
      { lastIndex: 3, lastTerm: 2, granted: true },
      { lastIndex: 4, lastTerm: 2, granted: true },
      { lastIndex: 2, lastTerm: 2, granted: false },
      { lastIndex: 9, lastTerm: 1, granted: false },
      { lastIndex: 1, lastTerm: 3, granted: true },
      { lastIndex: 0, lastTerm: 0, granted: false },
    ]) {
      for (const pre of [false, true]) {
        const raft = replicaAlone({ log: [1, 2, 2], term: 3 })
        const [answer] = receive(raft, vote({ term: 4, pre, lastIndex, lastTerm }))
        assert.ok(answer?.kind === 'voteReply')
        assert.equal(answer.granted, granted, `${lastIndex}@${lastTerm}`)
      }
    }
  })

  test('what the log has forgotten counts as well', () => {
    const raft = replicaAlone({ boundary: { index: 7, term: 3 } })
    for (const [lastIndex, lastTerm, granted] of [
      [6, 3, false],
      [7, 3, true],
      [9, 2, false],
    ] as const) {
      const [answer] = receive(raft, vote({ term: 9, pre: true, lastIndex, lastTerm }))
      assert.ok(answer?.kind === 'voteReply' && answer.granted === granted)
    }
  })
})

suite('Raft §6, the third issue', () => {
  test('who hears from a leader within the minimum election timeout disregards requests for votes, and keeps its term', () => {
    const raft = replicaAlone({ term: 2 })
    receive(raft, heartbeat({ term: 2 }))
    wait(raft, 99)
    assert.deepEqual(receive(raft, vote({ from: 3, term: 5 })), [])
    assert.deepEqual([raft.term, raft.leader], [2, 2])
    const [refusal] = receive(raft, vote({ from: 3, term: 3, pre: true }))
    assert.ok(refusal?.kind === 'voteReply' && !refusal.granted)
    wait(raft, 1)
    const [grant] = receive(raft, vote({ from: 3, term: 5 }))
    assert.ok(grant?.kind === 'voteReply' && grant.granted)
  })

  test('so does a leader', () => {
    const raft = leaderAlone({ term: 2 })
    assert.deepEqual(receive(raft, vote({ term: 9 })), [])
    assert.deepEqual([raft.role, raft.term], ['leader', 3])
  })
})

suite('dissertation §9.6', () => {
  test('a pre-candidate changes no term, its own neither, and a grant binds nobody', () => {
    const asking = replicaAlone({ term: 3 })
    const asked = campaign(asking)
    assert.ok(asked.every((message) => message.kind === 'vote' && message.pre && message.term === 4))
    assert.deepEqual([asking.term, asking.vote], [3, 0])
    const voter = replicaAlone({ term: 3 })
    for (const from of [2, 3]) {
      const [answer] = receive(voter, vote({ from, term: 4, pre: true }))
      assert.ok(answer?.kind === 'voteReply' && answer.granted && answer.term === 4)
    }
    assert.deepEqual([voter.term, voter.vote], [3, 0])
  })

  test('it increments its term only when a majority would vote for it', () => {
    const raft = replicaAlone({ voters: [1, 2, 3, 4, 5] })
    campaign(raft)
    receive(raft, voteReply({ from: 2, pre: true, term: 1 }))
    assert.deepEqual([raft.role, raft.term], ['preCandidate', 0])
    receive(raft, voteReply({ from: 3, pre: true, term: 1 }))
    assert.deepEqual([raft.role, raft.term], ['candidate', 1])
  })

  test('grants of an earlier pre-vote, for another term, do not count', () => {
    const raft = replicaAlone({ term: 3 })
    campaign(raft)
    receive(raft, heartbeat({ term: 5 }))
    wait(raft, 200)
    assert.equal(raft.role, 'preCandidate')
    receive(raft, voteReply({ pre: true, term: 4 }), voteReply({ from: 3, pre: true, term: 5 }))
    assert.equal(raft.role, 'preCandidate')
    receive(raft, voteReply({ from: 3, pre: true, term: 6 }))
    assert.equal(raft.role, 'candidate')
  })

  test('a replica behind learns the newer term from a refusal, and asks for the right one next time', () => {
    const raft = replicaAlone({ term: 3 })
    campaign(raft)
    receive(raft, voteReply({ pre: true, term: 7, granted: false }))
    assert.deepEqual([raft.role, raft.term], ['follower', 7])
    const [asked] = wait(raft, 200)
    assert.equal(asked?.term, 8)
  })
})

test('messages for another replica are not taken', () => {
  const raft = replicaAlone()
  receive(raft, { ...vote({ term: 9 }), to: 2 })
  assert.equal(raft.term, 0)
  assert.deepEqual(settle(raft), [])
})
