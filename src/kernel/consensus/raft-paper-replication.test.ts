/** "In Search of an Understandable Consensus Algorithm" (Ongaro and Ousterhout, 2014), sentence by sentence: replication. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { utf8Bytes } from '#kernel/base/bytes.ts'
import type { AppendMessage, Message } from './messages.ts'
import { entryKinds, Raft } from './raft.ts'
import { RaftLog } from './raft-log.ts'
import {
  append,
  appendReply,
  entries,
  heartbeat,
  leaderAlone,
  propose,
  receive,
  replicaAlone,
  settle,
  termsOf,
  testSettings,
  wait,
} from './testing/alone.ts'

const appendsOf = (messages: readonly Message[]) =>
  messages.filter((message): message is AppendMessage => message.kind === 'append')

suite('Raft §5.3', () => {
  test('the leader appends a command to its log, then sends it to all others in parallel', () => {
    const raft = leaderAlone()
    for (const from of [2, 3]) receive(raft, appendReply({ from, term: 1, index: 1 }))
    const sent = appendsOf(propose(raft, 'x'))
    assert.equal(raft.log.lastIndex, 2)
    assert.deepEqual(
      sent.map(({ to, prevIndex, prevTerm }) => ({ to, prevIndex, prevTerm })),
      [
        { to: 2, prevIndex: 1, prevTerm: 1 },
        { to: 3, prevIndex: 1, prevTerm: 1 },
      ],
    )
    assert.deepEqual(sent[0]?.entries, [{ index: 2, term: 1, kind: entryKinds.command, data: utf8Bytes('x') }])
  })

  test('an entry is committed once it is durable on a majority, whichever it is', () => {
    for (let size = 1; size <= 7; size++) {
      const others = Array.from({ length: size - 1 }, (_, i) => i + 2)
      for (let held = 0; held < 2 ** others.length; held++) {
        const raft = leaderAlone({ voters: [1, ...others] })
        propose(raft, 'x')
        const holders = others.filter((_, i) => held & (1 << i))
        for (const from of holders) receive(raft, appendReply({ from, term: 1, index: 2 }))
        const isCommitted = holders.length + 1 > size / 2
        assert.equal(raft.committed === 2, isCommitted, `${holders.length + 1} of ${size}`)
      }
    }
  })

  test("the leader's own copy counts only when it is durable, and is not needed (dissertation §10.2.1)", () => {
    const raft = leaderAlone()
    raft.propose(entryKinds.command, utf8Bytes('x'))
    raft.ready(0)
    raft.receive(appendReply({ from: 2, term: 1, index: 2 }), 0)
    assert.equal(raft.committed, 1, 'the first entry is durable at 1 and 2, the second at 2 alone')
    raft.receive(appendReply({ from: 3, term: 1, index: 2 }), 0)
    assert.equal(raft.committed, 2)
  })

  test('this commits all preceding entries too, also those of earlier leaders', () => {
    const raft = leaderAlone({ log: [1, 2, 2] })
    receive(raft, appendReply({ term: 3, index: 4 }))
    assert.equal(raft.committed, 4)
  })

  test('the leader includes the index that it knows to be committed in later appends, also in those without entries', () => {
    const raft = leaderAlone()
    for (const from of [2, 3]) receive(raft, appendReply({ from, term: 1, index: 1 }))
    const [sent] = appendsOf(propose(raft, 'x'))
    assert.equal(sent?.commit, 1)
    const beats = wait(raft, 20)
    assert.deepEqual(
      beats.map((beat) => beat.kind === 'heartbeat' && beat.commit),
      [1, 1],
    )
  })

  test('a heartbeat commits nothing that its receiver is not known to hold', () => {
    const raft = leaderAlone({ log: [1, 1, 1] })
    receive(raft, appendReply({ from: 2, term: 2, index: 4 }))
    assert.equal(raft.committed, 4)
    const commits = wait(raft, 20).map((beat) => beat.kind === 'heartbeat' && [beat.to, beat.commit])
    assert.deepEqual(commits, [
      [2, 4],
      [3, 0],
    ])
  })

  test('a follower that learns that an entry is committed commits it, and what is before it', () => {
    const raft = replicaAlone()
    receive(raft, append({ term: 1, entries: entries([1, 1, 1]), commit: 2 }))
    assert.equal(raft.committed, 2)
    receive(raft, heartbeat({ term: 1, commit: 3 }))
    assert.equal(raft.committed, 3)
  })

  test('commitment never goes back', () => {
    const raft = replicaAlone()
    receive(raft, append({ term: 1, entries: entries([1, 1, 1]), commit: 3 }))
    receive(raft, heartbeat({ term: 1, commit: 1 }), append({ term: 1, entries: entries([1]), commit: 1 }))
    assert.equal(raft.committed, 3)
  })

  test('appends without an answer are sent again, for ever', () => {
    const raft = leaderAlone()
    for (let round = 0; round < 5; round++) {
      receive(raft, { kind: 'heartbeatReply', from: 2, to: 1, term: 1, roundMs: raft.nowMs })
      const again = appendsOf(wait(raft, 100)).filter(({ to }) => to === 3)
      assert.deepEqual(
        again.map((message) => message.entries.length),
        [1],
      )
    }
  })

  test('a follower that has not the entry before the new ones refuses them, and says where the logs may agree', () => {
    for (const { prevIndex, prevTerm, mayAgree } of [
      { prevIndex: 3, prevTerm: 3, mayAgree: undefined },
      { prevIndex: 0, prevTerm: 0, mayAgree: undefined },
      { prevIndex: 4, prevTerm: 3, mayAgree: [3, 3] },
      { prevIndex: 9, prevTerm: 4, mayAgree: [3, 3] },
      { prevIndex: 3, prevTerm: 2, mayAgree: [1, 1] },
      { prevIndex: 2, prevTerm: 2, mayAgree: [1, 1] },
    ]) {
      const raft = replicaAlone({ log: [1, 3, 3], term: 4 })
      const [answer] = receive(raft, append({ term: 4, prevIndex, prevTerm, entries: entries([4], prevIndex + 1) }))
      assert.ok(answer?.kind === 'appendReply')
      const expected = mayAgree
        ? { accepted: false, index: mayAgree[0], hintTerm: mayAgree[1] }
        : { accepted: true, index: prevIndex + 1, hintTerm: 0 }
      const { accepted, index, hintTerm } = answer
      assert.deepEqual({ accepted, index, hintTerm }, expected, `after ${prevIndex}@${prevTerm}`)
      if (mayAgree) assert.deepEqual(termsOf(raft), [1, 3, 3], 'nothing changes')
    }
  })

  test('conflicting entries, and all that follow them, are replaced; the others stay', () => {
    for (const { prevIndex, terms, expected } of [
      { prevIndex: 2, terms: [], expected: [1, 2, 2, 2] },
      { prevIndex: 2, terms: [2], expected: [1, 2, 2, 2] },
      { prevIndex: 2, terms: [3], expected: [1, 2, 3] },
      { prevIndex: 1, terms: [2, 3], expected: [1, 2, 3] },
      { prevIndex: 0, terms: [3, 3, 3, 3, 3], expected: [3, 3, 3, 3, 3] },
      { prevIndex: 4, terms: [3], expected: [1, 2, 2, 2, 3] },
    ]) {
      const raft = replicaAlone({ log: [1, 2, 2, 2], term: 3 })
      const prevTerm = raft.log.termAt(prevIndex)
      receive(raft, append({ term: 3, prevIndex, prevTerm, entries: entries(terms, prevIndex + 1) }))
      assert.deepEqual(termsOf(raft), expected, `${terms} after ${prevIndex}`)
    }
  })

  test('what is replaced is written anew from the first difference on', () => {
    const raft = replicaAlone({ log: [1, 2, 2, 2], term: 3 })
    raft.receive(append({ term: 3, prevIndex: 1, prevTerm: 1, entries: entries([2, 3], 2) }), 0)
    assert.deepEqual(raft.ready(0).entries, entries([3], 3))
  })

  test('entries of one write that were replaced while it was under way are not durable when it is done', () => {
    const raft = replicaAlone({ voters: [1, 2] })
    raft.receive(append({ term: 1, entries: entries([1, 1, 1]) }), 0)
    raft.ready(0)
    raft.receive(append({ term: 2, prevIndex: 1, prevTerm: 1, entries: entries([2, 2], 2) }), 0)
    raft.ready(0)
    raft.persisted(3, 1, { term: 1, vote: 0 })
    assert.equal(raft.persistedIndex, 0)
    raft.persisted(3, 2, { term: 2, vote: 0 })
    assert.equal(raft.persistedIndex, 3)
  })

  test('figure 7: a leader brings any follower to its own log', () => {
    const leaders = [1, 1, 1, 4, 4, 5, 5, 6, 6, 6]
    const followers: Record<string, number[]> = {
      a: [1, 1, 1, 4, 4, 5, 5, 6, 6],
      b: [1, 1, 1, 4],
      c: [1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 6],
      d: [1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 7, 7],
      e: [1, 1, 1, 4, 4, 4, 4],
      f: [1, 1, 1, 2, 2, 2, 3, 3, 3, 3, 3],
    }
    for (const [name, terms] of Object.entries(followers)) {
      const leader = leaderAlone({ log: leaders, term: 7 })
      const follower = new Raft({
        self: 2,
        settings: testSettings,
        hardState: { term: 7, vote: 0 },
        log: new RaftLog({ index: 0, term: 0 }, entries(terms)),
        configuration: leader.configuration,
        committed: 0,
        random: leader.random,
        nowMs: 0,
        startedMs: 0,
      })
      leader.reconnected(2, leader.nowMs)
      let toFollower = settle(leader)
      let rounds = 0
      while (toFollower.some(({ to }) => to === 2) && rounds < 20) {
        const answers = receive(follower, ...toFollower.filter(({ to }) => to === 2))
        toFollower = receive(leader, ...answers)
        rounds++
      }
      assert.deepEqual(termsOf(follower), [...leaders, 8], `follower ${name}`)
      assert.deepEqual(termsOf(leader), [...leaders, 8], 'a leader never overwrites its own')
      assert.ok(rounds <= 4, `follower ${name} took ${rounds} rounds: at most one per term`)
    }
  })

  test('a new leader begins with the end of its log', () => {
    const raft = leaderAlone({ log: [1, 1, 2] })
    assert.equal(raft.progress.get(2)?.nextIndex, 4)
    raft.reconnected(2, raft.nowMs)
    const [asked] = appendsOf(settle(raft))
    assert.deepEqual([asked?.prevIndex, asked?.prevTerm], [3, 2])
  })
})

suite('Raft figure 2, AppendEntries 5', () => {
  test('a follower commits only up to the last entry that the message vouches for', () => {
    // Entries 2 and 3 are of an old leader, and another history than the one in which the new leader has committed 3.
    const raft = replicaAlone({ log: [1, 2, 2], term: 3 })
    receive(raft, append({ term: 3, prevIndex: 0, prevTerm: 0, entries: entries([1]), commit: 3 }))
    assert.equal(raft.committed, 1)
    receive(raft, append({ term: 3, prevIndex: 1, prevTerm: 1, entries: [], commit: 3 }))
    assert.equal(raft.committed, 1)
    receive(raft, append({ term: 3, prevIndex: 1, prevTerm: 1, entries: entries([3, 3], 2), commit: 3 }))
    assert.deepEqual([raft.committed, ...termsOf(raft)], [3, 1, 3, 3])
  })
})

suite('Raft §5.4.2', () => {
  test('figure 8: an entry of an earlier term is not committed by counting its copies', () => {
    const raft = leaderAlone({ voters: [1, 2, 3, 4, 5], log: [1, 2], term: 3 })
    for (const from of [2, 3]) receive(raft, appendReply({ from, term: 4, index: 2 }))
    assert.equal(raft.committed, 0, '2@2 is on three of five, and may still be replaced')
    for (const from of [2, 3]) receive(raft, appendReply({ from, term: 4, index: 3 }))
    assert.equal(raft.committed, 3, 'with an entry of term 4 it is decided')
  })
})

suite('Raft §5.5', () => {
  test('requests may come twice, late, and in any order', () => {
    const first = append({ term: 1, entries: entries([1, 1]), commit: 1 })
    const second = append({ term: 1, prevIndex: 2, prevTerm: 1, entries: entries([1, 1], 3), commit: 2 })
    for (const order of [
      [first, second],
      [first, first, second, second],
      [first, second, first],
      [second, first, second],
    ]) {
      const raft = replicaAlone()
      const answers = receive(raft, ...order)
      assert.deepEqual(termsOf(raft), [1, 1, 1, 1])
      assert.equal(raft.committed, 2)
      for (const answer of answers) assert.ok(answer.kind === 'appendReply' && answer.index <= 4)
    }
  })

  test('so may answers: what a follower holds never falls', () => {
    const raft = leaderAlone({ log: [1, 1, 1] })
    receive(raft, appendReply({ term: 2, index: 4 }), appendReply({ term: 2, index: 2 }))
    receive(raft, appendReply({ term: 2, accepted: false, index: 1, hintTerm: 1 }))
    const progress = raft.progress.get(2)
    assert.deepEqual([progress?.state, progress?.matchIndex, progress?.nextIndex], ['replicate', 4, 5])
  })

  test('an append that overlaps what is committed never touches it', () => {
    const raft = replicaAlone({ log: [1, 1, 1], committed: 3 })
    const [answer] = receive(raft, append({ term: 2, prevIndex: 1, prevTerm: 1, entries: entries([1, 1, 2, 2], 2) }))
    assert.ok(answer?.kind === 'appendReply' && answer.accepted)
    assert.equal(answer.index, 5)
    const [old] = receive(raft, append({ term: 2, prevIndex: 0, prevTerm: 0, entries: entries([1, 1]) }))
    assert.ok(old?.kind === 'appendReply' && old.accepted)
    assert.deepEqual([old.index, ...termsOf(raft)], [3, 1, 1, 1, 2, 2])
  })
})

suite('pipelining, dissertation §10.2.1', () => {
  test('no more than `appendsInFlightMax` messages of `appendBytesMax` wait for answers; each answer makes room', () => {
    const raft = leaderAlone({ settings: { appendsInFlightMax: 2, appendBytesMax: 2 } })
    receive(raft, appendReply({ term: 1, index: 1 }))
    const sent = ['a', 'b', 'c', 'd', 'e', 'f'].flatMap((text) => appendsOf(propose(raft, text)))
    assert.deepEqual(
      sent.map((message) => [message.to, message.entries.length]),
      [
        [2, 1],
        [2, 1],
      ],
    )
    const next = appendsOf(receive(raft, appendReply({ term: 1, index: 2 })))
    assert.deepEqual(
      next.map(({ prevIndex, entries }) => [prevIndex, entries.length]),
      [[3, 2]],
    )
  })

  test('an entry larger than `appendBytesMax` travels alone', () => {
    const raft = leaderAlone({ settings: { appendBytesMax: 2 } })
    receive(raft, appendReply({ term: 1, index: 1 }))
    const [sent] = appendsOf(propose(raft, 'larger than two bytes'))
    assert.equal(sent?.entries.length, 1)
  })
})
