import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { latin1Bytes, latin1Text } from '#kernel/base/bytes.ts'
import { errorCode } from '../protocol/error-codes.ts'
import { ConsumerGroup, type JoinAnswer, type JoinRequest, type SyncAnswer } from './group.ts'

class Scene {
  nowMs = 0
  begins: { readonly generation: number; readonly done: (isDone: boolean) => void }[] = []
  #ids = 0
  readonly group = new ConsumerGroup(
    'g',
    {
      nowMs: () => this.nowMs,
      newMemberId: (prefix) => `${prefix}-${++this.#ids}`,
      begin: (_expected, generation) => new Promise((done) => this.begins.push({ generation, done })),
    },
    4,
    '',
  )

  join(
    memberId: string,
    options: Partial<JoinRequest> & { readonly twice?: boolean } = {},
  ): { answer: JoinAnswer | undefined } {
    const { twice = false, ...fields } = options
    const told: { answer: JoinAnswer | undefined } = { answer: undefined }
    const request = {
      ...{
        memberId,
        instanceId: null,
        clientId: 'c',
        clientHost: '/h',
        sessionTimeoutMs: 10_000,
        rebalanceTimeoutMs: 60_000,
      },
      ...{
        protocolType: 'consumer',
        protocols: [{ name: 'range', metadata: latin1Bytes(`of ${memberId}`) }],
        ...fields,
      },
    }
    this.group.join(request, twice, (answer) => {
      told.answer = answer
    })
    return told
  }

  sync(memberId: string, assignments: Readonly<Record<string, string>> = {}, instanceId: string | null = null) {
    const told: { answer: SyncAnswer | undefined } = { answer: undefined }
    const list = Object.entries(assignments).map(([id, text]) => ({ memberId: id, assignment: latin1Bytes(text) }))
    this.group.sync(memberId, this.group.generation, instanceId, list, (answer) => {
      told.answer = answer
    })
    return told
  }

  /** The generation is written down, or not. */
  async begin(isDone = true): Promise<void> {
    this.begins.shift()!.done(isDone)
    await Promise.resolve()
    await Promise.resolve()
  }

  /** A group of two members that work. */
  async stable(): Promise<readonly [string, string]> {
    const first = this.join('')
    await this.begin()
    const a = first.answer!.memberId
    const second = this.join('')
    this.join(a)
    await this.begin()
    const b = second.answer!.memberId
    this.sync(b)
    this.sync(a, { [a]: 'half', [b]: 'rest' })
    assert.equal(this.group.state, 'Stable')
    return [a, b]
  }
}

suite('a consumer group', () => {
  test('begins with its first member at once, when its generation is written down', async () => {
    const scene = new Scene()
    const told = scene.join('')
    assert.equal(told.answer, undefined)
    assert.equal(scene.begins[0]!.generation, 5)
    await scene.begin()
    const { errorCode: code, generation, leader, memberId, members } = told.answer!
    assert.deepEqual([code, generation, leader === memberId, members.length], [0, 5, true, 1])
    const synced = scene.sync(memberId, { [memberId]: 'all' })
    assert.equal(latin1Text(synced.answer!.assignment), 'all')
  })

  test('takes a second member while its first generation is still being written down', async () => {
    const scene = new Scene()
    const [first, second] = [scene.join(''), scene.join('')]
    await scene.begin()
    assert.deepEqual([first.answer?.errorCode, second.answer?.errorCode], [errorCode.NONE, errorCode.NONE])
    assert.equal(first.answer!.members.length, 2)
  })

  test('gives a member its id first, where it can come again with it', async () => {
    const scene = new Scene()
    const told = scene.join('', { twice: true })
    assert.equal(told.answer!.errorCode, errorCode.MEMBER_ID_REQUIRED)
    const again = scene.join(told.answer!.memberId, { twice: true })
    await scene.begin()
    assert.equal(again.answer!.errorCode, errorCode.NONE)
    assert.equal(scene.join('made-up', { twice: true }).answer!.errorCode, errorCode.UNKNOWN_MEMBER_ID)
  })

  test('waits for all members when one more comes, and tells the leader of all', async () => {
    const scene = new Scene()
    const [a, b] = await scene.stable()
    const third = scene.join('')
    assert.equal(scene.group.heartbeat(a, 6, null), errorCode.REBALANCE_IN_PROGRESS)
    const leader = scene.join(a)
    assert.equal(third.answer, undefined)
    const other = scene.join(b)
    await scene.begin()
    assert.deepEqual([leader.answer!.members.length, other.answer!.members.length], [3, 0])
    assert.equal(third.answer!.generation, 7)
    assert.equal(scene.group.heartbeat(a, 6, null), errorCode.ILLEGAL_GENERATION)
    assert.equal(scene.sync(b).answer, undefined)
    scene.sync(a, { [b]: 'mine' })
    assert.equal(scene.group.state, 'Stable')
  })

  test('goes on without those that are silent, or do not come in time', async () => {
    const scene = new Scene()
    const [a, b] = await scene.stable()
    scene.nowMs = 9_000
    scene.group.heartbeat(a, 6, null)
    scene.nowMs = 10_001
    scene.group.look()
    assert.deepEqual([...scene.group.members.keys()], [a])
    assert.equal(scene.group.heartbeat(b, 6, null), errorCode.UNKNOWN_MEMBER_ID)
    const rejoined = scene.join(a, { rebalanceTimeoutMs: 2000 })
    await scene.begin()
    assert.equal(rejoined.answer!.generation, 7)
    scene.sync(a, {})
    const late = scene.join('', { rebalanceTimeoutMs: 2000 })
    scene.nowMs += 2001
    scene.group.heartbeat(a, 7, null)
    scene.group.look()
    await scene.begin()
    assert.deepEqual([late.answer!.generation, [...scene.group.members.keys()].length], [8, 1])
  })

  test('goes on without a leader that is alive and does not divide the work', async () => {
    const scene = new Scene()
    const first = scene.join('', { rebalanceTimeoutMs: 2000 })
    const second = scene.join('', { rebalanceTimeoutMs: 2000 })
    await scene.begin()
    const [a, b] = [first.answer!.memberId, second.answer!.memberId]
    const waiting = scene.sync(b)
    scene.nowMs = 1999
    scene.group.heartbeat(a, 5, null)
    scene.group.look()
    assert.equal(waiting.answer, undefined)
    scene.nowMs = 2001
    scene.group.look()
    assert.equal(waiting.answer!.errorCode, errorCode.REBALANCE_IN_PROGRESS)
    assert.deepEqual([...scene.group.members.keys()], [b])
  })

  test('is idle when nobody is there and nobody is expected', async () => {
    const scene = new Scene()
    assert.ok(scene.group.isIdle)
    const told = scene.join('', { twice: true })
    assert.ok(!scene.group.isIdle)
    scene.group.leave(told.answer!.memberId, null)
    assert.ok(scene.group.isIdle)
  })

  test('ends where another coordinator has begun a generation', async () => {
    const scene = new Scene()
    const told = scene.join('')
    await scene.begin(false)
    assert.equal(told.answer!.errorCode, errorCode.NOT_COORDINATOR)
    assert.equal(scene.group.state, 'Dead')
  })

  test('lets members leave, and is empty then', async () => {
    const scene = new Scene()
    const [a, b] = await scene.stable()
    assert.equal(scene.group.leave(b, null), errorCode.NONE)
    assert.equal(scene.group.leave(b, null), errorCode.UNKNOWN_MEMBER_ID)
    assert.equal(scene.group.state, 'PreparingRebalance')
    scene.group.leave(a, null)
    assert.equal(scene.group.state, 'Empty')
  })

  test('takes no member that divides work in no way the others know', async () => {
    const scene = new Scene()
    await scene.stable()
    const other = [{ name: 'sticky', metadata: latin1Bytes('') }]
    assert.equal(scene.join('', { protocols: other }).answer!.errorCode, errorCode.INCONSISTENT_GROUP_PROTOCOL)
    assert.equal(scene.join('', { protocolType: 'connect' }).answer!.errorCode, errorCode.INCONSISTENT_GROUP_PROTOCOL)
    assert.equal(scene.join('', { protocols: [] }).answer!.errorCode, errorCode.INCONSISTENT_GROUP_PROTOCOL)
  })

  test('takes members while its first generation is being written down', async () => {
    const scene = new Scene()
    const first = scene.join('')
    const second = scene.join('')
    assert.equal(second.answer, undefined)
    await scene.begin()
    assert.deepEqual([first.answer!.errorCode, first.answer!.members.length], [errorCode.NONE, 2])
    assert.deepEqual([second.answer!.errorCode, second.answer!.generation], [errorCode.NONE, 5])
  })

  test('fences the earlier life of a static member', async () => {
    const scene = new Scene()
    const first = scene.join('', { instanceId: 'i' })
    await scene.begin()
    const { memberId } = first.answer!
    scene.sync(memberId, {})
    const second = scene.join('', { instanceId: 'i' })
    assert.notEqual(second.answer!.memberId, memberId)
    assert.equal(scene.group.heartbeat(memberId, 5, 'i'), errorCode.FENCED_INSTANCE_ID)
    assert.equal(scene.join(memberId, { instanceId: 'i' }).answer!.errorCode, errorCode.FENCED_INSTANCE_ID)
    assert.equal(scene.group.leave('', 'i'), errorCode.NONE)
  })

  test('hands its work back to a static member that was started anew, and bothers nobody', async () => {
    const scene = new Scene()
    const leader = scene.join('', { instanceId: 'i' })
    await scene.begin()
    const a = leader.answer!.memberId
    const other = scene.join('', { instanceId: 'j' })
    scene.join(a, { instanceId: 'i' })
    await scene.begin()
    const b = other.answer!.memberId
    scene.sync(a, { [a]: 'half', [b]: 'rest' }, 'i')
    const again = scene.join('', { instanceId: 'j' }).answer!
    assert.deepEqual([again.errorCode, again.generation, again.leader], [errorCode.NONE, 6, a])
    assert.equal(latin1Text(scene.sync(again.memberId, {}, 'j').answer!.assignment), 'rest')
    assert.equal(scene.group.heartbeat(a, 6, 'i'), errorCode.NONE)
    // The leader: an old client must not take itself for it, a new one is told that the work is divided.
    const old = scene.join('', { instanceId: 'i' }).answer!
    assert.deepEqual([old.leader, old.skipAssignment, old.members.length], [a, false, 0])
    const young = scene.join('', { instanceId: 'i', canSkipAssignment: true }).answer!
    assert.deepEqual([young.leader === young.memberId, young.skipAssignment, young.members.length], [true, true, 2])
    assert.equal(latin1Text(scene.sync(young.memberId, {}, 'i').answer!.assignment), 'half')
    assert.equal(scene.group.state, 'Stable')
  })

  test('keeps the place of a static member that does not come to a rebalance, until its session is over', async () => {
    const scene = new Scene()
    const first = scene.join('', { instanceId: 'i', rebalanceTimeoutMs: 2000 })
    await scene.begin()
    scene.sync(first.answer!.memberId, {}, 'i')
    const second = scene.join('', { rebalanceTimeoutMs: 2000 })
    scene.nowMs = 2001
    scene.group.look()
    await scene.begin()
    const { memberId, leader, members } = second.answer!
    assert.deepEqual([leader, members.length], [memberId, 2])
    scene.nowMs = 10_001
    scene.group.look()
    assert.deepEqual([...scene.group.members.keys()], [memberId])
  })
})
