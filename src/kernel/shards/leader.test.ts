import assert from 'node:assert/strict'
import { beforeEach, suite, test } from 'node:test'
import { Arguments } from '#kernel/base/arguments.ts'
import { ByteWriter } from '#kernel/base/byte-writer.ts'
import { latin1Bytes, latin1Text } from '#kernel/base/bytes.ts'
import type { EvaluatorSpec } from './evaluation.ts'
import type { LeaderLimits } from './leader.ts'
import { LeaderRig } from './testing/leader-rig.ts'
import { listEvaluators } from './testing/list-evaluators.ts'
import { TestCall } from './testing/test-call.ts'

const { append, read, readThatWrites, look, large, broken } = listEvaluators

suite('the leader of a shard', () => {
  let { tree, state, consensus, leader, call, retry, turnAndCommit, loadOne, letters } = new LeaderRig()
  function open(changes: Partial<LeaderLimits> = {}): void {
    ;({ tree, state, consensus, leader, call, retry, turnAndCommit, loadOne, letters } = new LeaderRig(changes))
  }
  beforeEach(() => open())

  suite('answers', () => {
    test('a write when it is applied, and not before', () => {
      const write = call(append, ['a'])
      consensus.turn()
      assert.deepEqual(write.told, [])
      consensus.commit()
      assert.deepEqual(write.told, ['before '])
      assert.equal(state.counters.get('letters'), 1)
    })

    test('a read under the lease at once, from what is applied', () => {
      call(append, ['a'])
      assert.deepEqual(call(read, [], { session: 2 }).told, ['list '])
      turnAndCommit()
      assert.deepEqual(call(read, [], { session: 2 }).told, ['list a'])
      const reply = new ByteWriter()
      assert.equal(leader.tryRead(read, new Arguments(), reply), true)
      assert.equal(latin1Text(reply.view()), 'list a')
    })

    test('a read behind writes of its own session when the newest write that it may have seen is applied (S1)', () => {
      call(append, ['a'])
      consensus.turn()
      const other = call(append, ['b'], { session: 2 })
      const own = call(read, [], { followsOwn: true })
      consensus.turn()
      consensus.commit(1)
      assert.deepEqual(own.told, [])
      consensus.commit(1)
      assert.deepEqual([...own.told, ...other.told], ['list ab', 'before a'])
    })

    test('a write that changes nothing when what it saw is applied, and logs it for retries', () => {
      call(append, ['a'])
      const nothing = call(look)
      assert.deepEqual(nothing.told, [])
      turnAndCommit()
      assert.deepEqual(nothing.told, ['saw a'])
      call(append, ['b'])
      turnAndCommit()
      assert.deepEqual(retry(nothing).told, ['saw a'])
    })

    test('a read that has something to change as a write', () => {
      const reply = new ByteWriter()
      reply.ascii('kept')
      assert.equal(leader.tryRead(readThatWrites, Arguments.of(latin1Bytes('x')), reply), false)
      assert.equal(latin1Text(reply.view()), 'kept')
      const both = [call(readThatWrites, ['x']), call(readThatWrites, ['y'], { session: 2 })]
      assert.deepEqual(both[0]!.told, [])
      turnAndCommit()
      assert.deepEqual(
        both.map(({ told }) => told),
        [['before '], ['before x']],
      )
      assert.equal(letters(), 'xy')
    })

    test('an evaluator that fails with INTERNAL, without its effects', () => {
      assert.deepEqual(call(broken).told, ['INTERNAL'])
      const after = call(append, ['a'])
      turnAndCommit()
      assert.deepEqual(after.told, ['before '])
      assert.equal(letters(), 'a')
    })

    test('a transaction that is too large with TOO_LARGE, without its effects', () => {
      const first = call(append, ['a'])
      assert.deepEqual(call(large, ['1000']).told, ['TOO_LARGE'])
      turnAndCommit()
      assert.deepEqual(first.told, ['before '])
      assert.equal(tree.get(latin1Bytes('large')), undefined)
    })

    test('a large reply whole; a retry of it is UNKNOWN', () => {
      const write = call(large, ['500'])
      const small = call(append, ['a'])
      turnAndCommit()
      assert.deepEqual(write.told, ['.'.repeat(500)])
      assert.deepEqual(small.told, ['before '])
      assert.deepEqual(retry(write).told, ['UNKNOWN'])
    })
  })

  suite('reads nothing without a lease or a round', () => {
    test('when the lease is over', () => {
      consensus.clock.advance(270)
      const late = call(read)
      assert.equal(leader.tryRead(read, new Arguments(), new ByteWriter()), false)
      consensus.turn()
      assert.equal(consensus.roundMs, consensus.clock.monotonicMs())
      consensus.confirm(consensus.roundMs - 1)
      assert.deepEqual(late.told, [])
      consensus.confirm()
      assert.deepEqual(late.told, ['list '])
    })

    for (const jumpMs of [20, -20]) {
      test(`when the wall clock jumped by ${jumpMs} ms against the monotonic one`, () => {
        consensus.clock.wallOffsetMs += jumpMs
        const doubtful = call(read)
        assert.deepEqual(doubtful.told, [])
        consensus.turn()
        consensus.confirm()
        assert.deepEqual(doubtful.told, ['list '])
      })
    }

    test('when the machine was suspended, whatever is heard after it: rounds that were sent before do not count', () => {
      const before = consensus.clock.monotonicMs()
      consensus.clock.wallOffsetMs += 60_000
      consensus.clock.advance(1)
      consensus.changed()
      assert.equal(leader.tryRead(read, new Arguments(), new ByteWriter()), false)
      consensus.confirm(before)
      assert.equal(leader.tryRead(read, new Arguments(), new ByteWriter()), false)
      consensus.clock.advance(1)
      consensus.confirm()
      assert.equal(leader.tryRead(read, new Arguments(), new ByteWriter()), true)
    })

    test('where the setting says so; a round serves those that came before it, later ones take the next', () => {
      open({ reads: 'read-index' })
      const first = call(read)
      consensus.turn()
      const second = call(read, [], { session: 2 })
      consensus.clock.advance(1)
      consensus.confirm(consensus.roundMs)
      assert.deepEqual([first.told, second.told], [['list '], []])
      consensus.turn()
      consensus.confirm()
      assert.deepEqual(second.told, ['list '])
    })

    test('and a session goes on in order behind one that waits for a round (S3)', () => {
      open({ reads: 'read-index' })
      const first = call(read)
      const write = call(append, ['a'], { followsOwn: true })
      const last = call(read, [], { followsOwn: true })
      consensus.turn()
      consensus.confirm()
      turnAndCommit()
      assert.deepEqual([first.told, write.told, last.told], [['list '], ['before '], ['list a']])
    })

    test('and asks for no further round once none of a session waits for one', async () => {
      const isDoneWithoutRound = (write = call(append, ['a'], { followsOwn: true })) => {
        consensus.clock.advance(1)
        turnAndCommit()
        return write.told.length === 1
      }
      consensus.clock.advance(300)
      call(read)
      consensus.turn()
      consensus.confirm()
      assert.ok(isDoneWithoutRound(), 'after a round')

      consensus.clock.advance(300)
      call(read)
      consensus.follow(2, 0)
      consensus.win(3)
      consensus.becomeReady()
      consensus.confirm()
      assert.ok(isDoneWithoutRound(), 'after a leadership')

      tree.chill('cold')
      consensus.clock.advance(300)
      call(read, ['cold'])
      const behind = call(append, ['a'], { followsOwn: true })
      consensus.turn()
      consensus.confirm()
      await loadOne()
      assert.ok(isDoneWithoutRound(behind), 'after a block was loaded')
    })

    test('and looks at each of many calls in a turn as often as at each of few', () => {
      let looks = 0
      class CountedCall extends TestCall {
        override get session(): number {
          looks++
          return super.session
        }
      }
      /** Each session pipelines two. */
      const looksPerCall = (count: number) => {
        open({ reads: 'read-index' })
        looks = 0
        const calls = Array.from({ length: count }, (_, i) => {
          const made = new CountedCall(read, [], { sequence: i + 1, session: i >> 1, followsOwn: i % 2 === 1 })
          leader.submit(made)
          return made
        })
        consensus.turn()
        consensus.confirm()
        for (const { told } of calls) assert.deepEqual(told, ['list '])
        return looks / count
      }
      const few = looksPerCall(10)
      const many = looksPerCall(1000)
      assert.ok(many <= 2 * few, `${few} and ${many} times`)
    })

    test('while leadership is being handed over', () => {
      leader.transferTo(2)
      const held = call(read)
      assert.equal(leader.tryRead(read, new Arguments(), new ByteWriter()), false)
      consensus.turn()
      assert.deepEqual(held.told, [])
      consensus.endTransfer()
      consensus.turn()
      consensus.confirm()
      assert.deepEqual(held.told, ['list '])
    })
  })

  suite('bounds what is in flight', () => {
    test('calls beyond the bytes in flight wait, and go on in order when there is room', () => {
      const first = [call(large, ['800']), call(large, ['800'])]
      const waiting = [call(append, ['a']), call(append, ['b']), call(read, [], { session: 2 })]
      turnAndCommit()
      assert.deepEqual(
        first.map(({ told }) => told.length),
        [1, 1],
      )
      turnAndCommit()
      assert.deepEqual(
        waiting.map(({ told }) => told),
        [['before '], ['before a'], ['list ']],
      )
    })

    test('entries in flight; what comes meanwhile is gathered in one', () => {
      for (const letter of 'abcd') {
        call(append, [letter])
        consensus.turn()
      }
      assert.equal(consensus.proposed.length, 2)
      consensus.commit(1)
      consensus.turn()
      assert.equal(consensus.proposed.length, 2)
      consensus.commit()
      assert.equal(letters(), 'abcd')
    })
  })

  test('writes wait while compaction is behind, reads do not', () => {
    const behind = tree as { pressure: number }
    behind.pressure = 1
    const write = call(append, ['a'])
    const other = call(read, [], { session: 2 })
    turnAndCommit()
    assert.deepEqual([write.told, other.told], [[], ['list ']])
    behind.pressure = 0.9
    consensus.changed()
    turnAndCommit()
    assert.deepEqual(write.told, ['before '])
  })

  test('with a full disk writes go on while others commit them, and are refused when nobody does; reads go on', () => {
    leader.isDiskFull = true
    const first = call(append, ['a'])
    turnAndCommit()
    const stuck = call(append, ['b'])
    consensus.turn()
    const soon = call(append, ['c'])
    consensus.turn()
    consensus.clock.advance(101)
    const late = call(append, ['d'])
    const other = call(read, [], { session: 2 })
    assert.deepEqual(
      [first, stuck, soon, late, other].map(({ told }) => told),
      [['before '], [], [], ['DISK_FULL'], ['list a']],
    )
    leader.isDiskFull = false
    const after = call(append, ['e'])
    turnAndCommit()
    turnAndCommit()
    assert.deepEqual([stuck.told, soon.told, after.told], [['before a'], ['before ab'], ['before abc']])
  })

  test('with a full disk writes that wait for room are refused', () => {
    call(large, ['800'])
    call(large, ['800'])
    const waiting = call(append, ['a'])
    consensus.turn()
    assert.deepEqual(waiting.told, [])
    leader.isDiskFull = true
    consensus.changed()
    assert.deepEqual(waiting.told, ['DISK_FULL'])
  })

  test('writes slow down as compaction falls behind', () => {
    const behind = tree as { pressure: number }
    behind.pressure = 0.75
    const first = call(append, ['a'])
    turnAndCommit()
    const second = call(append, ['b'])
    consensus.clock.advance(19)
    turnAndCommit()
    assert.deepEqual([first.told, second.told], [['before '], []])
    consensus.clock.advance(2)
    turnAndCommit()
    assert.deepEqual(second.told, ['before a'])
  })

  suite('finds a retry', () => {
    test('that is in the open entry, in flight, applied, or below the low mark', () => {
      const first = call(append, ['a'])
      const open = retry(first)
      consensus.turn()
      const inFlight = retry(first)
      consensus.commit()
      assert.deepEqual([first.told, open.told, inFlight.told], [[], [], ['before ']])
      assert.deepEqual(retry(first).told, ['before '])
      call(append, ['b'], { low: first.sequence + 1 })
      turnAndCommit()
      assert.deepEqual(retry(first).told, ['UNKNOWN'])
      assert.equal(letters(), 'ab')
    })

    test('that waits for room', () => {
      call(large, ['800'])
      call(large, ['800'])
      const waits = call(append, ['a'])
      const again = retry(waits)
      turnAndCommit()
      turnAndCommit()
      assert.deepEqual([waits.told, again.told, letters()], [[], ['before '], 'a'])
    })

    test('that waits for a block, and lets go of the block then', async () => {
      tree.chill('cold')
      const parked = call(append, ['a', 'cold'])
      const again = retry(parked)
      await loadOne()
      turnAndCommit()
      assert.deepEqual([parked.told, again.told, letters(), tree.pinned()], [[], ['before '], 'a', 0])
    })

    test('that waits for a round', () => {
      open({ reads: 'read-index' })
      const unconfirmed = call(read)
      const again = retry(unconfirmed)
      consensus.turn()
      const confirming = retry(unconfirmed)
      consensus.confirm()
      consensus.turn()
      consensus.confirm()
      assert.deepEqual([unconfirmed.told, again.told, confirming.told], [[], [], ['list ']])
    })

    test('of reads, and evaluates all of them again: else an earlier one would see more than a later one (S3)', () => {
      call(append, ['a'], { session: 2 })
      consensus.turn()
      const first = call(read, [], { followsOwn: true })
      call(append, ['b'], { session: 2 })
      consensus.turn()
      const second = call(read, [], { followsOwn: true })
      consensus.commit(1)
      assert.deepEqual([first.told, second.told], [['list a'], []]) // and the answer is lost
      call(append, ['c'], { session: 2 })
      consensus.turn()
      const again = [retry(first), retry(second)]
      turnAndCommit()
      assert.deepEqual([second.told, ...again.map(({ told }) => told)], [[], ['list abc'], ['list abc']])
    })

    // Searched one by one, as it once was, these would hold up the loop for longer than an election takes.
    test('among very many, which all ask again', () => {
      open({ inFlightBytesMax: 1 << 20, transactionBytesMax: 1 << 20 })
      const first = Array.from({ length: 30_000 }, () => call(look))
      const again = first.map(retry)
      for (let i = 0; i < 10; i++) turnAndCommit()
      assert.ok(first.every(({ told }) => told.length === 0))
      assert.ok(again.every(({ told }) => told.length === 1))
    })

    test('at the next leader', () => {
      const kept = call(append, ['a'])
      consensus.turn()
      const lost = call(append, ['b'])
      consensus.turn()
      consensus.follow(2, 0)
      consensus.win(3)
      consensus.becomeReady(1)
      const again = [retry(kept), retry(lost)]
      turnAndCommit()
      assert.deepEqual(
        again.map(({ told }) => told),
        [['before '], ['before a']],
      )
    })
  })

  suite('ends', () => {
    test('and turns away every call that it has, in whatever state, once', async () => {
      open({ reads: 'read-index' })
      tree.chill('cold')
      const applied = call(append, ['a'])
      turnAndCommit()
      const inFlight = call(append, ['b'])
      consensus.turn()
      const attached = call(read, [], { followsOwn: true })
      const open2 = call(append, ['c'])
      const attachedToOpen = call(read, [], { followsOwn: true })
      const parked = call(append, ['d', 'cold'], { session: 2 })
      const behind = call(append, ['e'], { session: 2, followsOwn: true })
      const confirming = call(read, [], { session: 3 })
      leader.propose(consensus.group)
      const unconfirmed = call(read, [], { session: 4 })
      call(large, ['900'], { session: 5 })
      call(large, ['900'], { session: 5 })
      const waiting = call(append, ['f'], { session: 6 })
      consensus.follow(2, 2)
      const after = call(append, ['g'], { session: 7 })
      const all = { inFlight, attached, open2, attachedToOpen, parked, behind, confirming, unconfirmed, waiting, after }
      const told = Object.fromEntries(Object.entries(all).map(([name, { told }]) => [name, told.join()]))
      // What was proposed may still be committed by the next leader; nothing else can have taken effect.
      assert.deepEqual(told, {
        inFlight: 'moved',
        attached: 'refused',
        open2: 'moved',
        attachedToOpen: 'refused',
        parked: 'refused',
        behind: 'refused',
        confirming: 'refused',
        unconfirmed: 'refused',
        waiting: 'refused',
        after: 'refused',
      })
      assert.deepEqual(applied.told, ['before '])
      await loadOne()
      assert.deepEqual(parked.told, ['refused'])
      assert.equal(tree.pinned(), 0)
    })

    test('and a block that comes later changes nothing under the next leadership', async () => {
      tree.chill('cold')
      const parked = call(append, ['a', 'cold'])
      consensus.follow(2, 0)
      consensus.win(3)
      consensus.becomeReady()
      const again = retry(parked)
      await loadOne()
      await loadOne()
      turnAndCommit()
      assert.deepEqual([parked.told, again.told, letters(), tree.pinned()], [['refused'], ['before '], 'a', 0])
    })

    test('not by an offer that comes to nothing: what came meanwhile goes on in order', () => {
      const first = call(append, ['a'])
      assert.equal(leader.transferTo(2), true)
      const held = [call(append, ['b']), call(read, [], { followsOwn: true })]
      consensus.turn()
      consensus.commit()
      assert.deepEqual([first.told, held[0]!.told], [['before '], []])
      consensus.endTransfer()
      turnAndCommit()
      assert.deepEqual(
        held.map(({ told }) => told),
        [['before a'], ['list ab']],
      )
    })

    test('by an offer that is taken, with reads that turned into writes meanwhile (they cannot be proposed)', () => {
      open({ reads: 'read-index' })
      const doubtful = call(readThatWrites, ['a'])
      consensus.turn()
      assert.equal(leader.transferTo(2), true)
      consensus.confirm()
      consensus.turn()
      consensus.follow(2, 2)
      assert.deepEqual(doubtful.told, ['refused'])
    })
  })

  test('a leader that is not ready lets calls wait', () => {
    consensus.follow(2, 0)
    consensus.win(3)
    const early = call(append, ['a'])
    assert.deepEqual(early.told, [])
    consensus.becomeReady()
    turnAndCommit()
    assert.deepEqual(early.told, ['before '])
  })

  test('timestamps rise with every transaction, also where the clock goes back and leadership changes', () => {
    const stamps: number[] = []
    const stamp: EvaluatorSpec = {
      name: 'stamp@1',
      kind: 'write',
      run: (evaluation) => void stamps.push(evaluation.timestampUs),
    }
    call(stamp)
    consensus.clock.wallOffsetMs -= 5000
    call(stamp)
    turnAndCommit()
    consensus.follow(2, 0)
    consensus.win(3)
    consensus.becomeReady()
    call(stamp)
    assert.equal(stamps[0], 1_700_000_001_001_000)
    assert.deepEqual(stamps.slice(1), [stamps[0]! + 1, stamps[0]! + 2])
  })
})
