import { deepEqual, equal, match } from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { SeenBatch, SentBatch } from '../../topics/topic-history.ts'
import { TopicHistory } from '../../topics/topic-history.ts'
import { checkTopics } from './check-topics.ts'

/** A history in short: batches of two records `<name>a` and `<name>b`. */
class Scene {
  readonly history = new TopicHistory()
  readonly #numbers = new Map<number, number>()

  /** `at` undefined: not acknowledged. */
  sent(name: string, options: Partial<SentBatch> & { readonly at?: number; readonly ackMs?: number } = {}): this {
    const { at, ackMs = 2, ...fields } = options
    const producer = fields.producer ?? 0
    const number = this.#numbers.get(producer) ?? 0
    this.#numbers.set(producer, number + 1)
    this.history.sent.push({
      ...{ producer, isIdempotent: true, partition: 't/0', number, values: values(name), sentMs: 1, attempts: 1 },
      acknowledged: at === undefined ? undefined : { offset: at, ms: ackMs },
      ...fields,
    })
    return this
  }

  /** What one is told at the end. */
  final(...names: readonly string[]): this {
    const batches = names.map((name, i) => seen(name, 2 * i))
    const bounds = { calledMs: 100, startOffset: 0, endOffset: 2 * names.length }
    this.history.finals.push({ when: 'after', partition: 't/0', ...bounds, batches })
    return this
  }

  read(...batches: readonly SeenBatch[]): this {
    this.history.reads.push({ consumer: 'c', partition: 't/0', calledMs: 3, batches, highWatermark: 100 })
    return this
  }

  get verdict(): string[] {
    return checkTopics(this.history)
  }

  finds(what: RegExp): void {
    const { verdict } = this
    equal(verdict.length > 0, true, 'nothing was found')
    match(verdict.join('\n'), what)
  }
}

function values(name: string): string[] {
  return [`${name}a`, `${name}b`]
}

function seen(name: string, baseOffset: number, digest = 7): SeenBatch {
  return { baseOffset, values: values(name), digest }
}

suite('records', () => {
  test('that are as they should be', () => {
    const scene = new Scene()
      .sent('x', { at: 0 })
      .sent('y', { producer: 1, isIdempotent: false, attempts: 2, at: 4 })
      .sent('z', { at: 6, sentMs: 3, ackMs: 5 })
      .sent('never')
      .read(seen('x', 0), seen('y', 2))
      .final('x', 'y', 'y', 'z')
    deepEqual(scene.verdict, [])
  })

  const bad: Record<string, readonly [Scene, RegExp]> = {
    'acknowledged and lost': [new Scene().sent('x', { at: 0 }).final(), /acknowledged at 0, and it is not there/],
    'acknowledged elsewhere': [
      new Scene().sent('x', { at: 2 }).sent('y', { producer: 1 }).final('x', 'y'),
      /acknowledged at 2, and it is at 0/,
    ],
    'doubled by an idempotent producer': [
      new Scene().sent('x', { at: 0, attempts: 2 }).final('x', 'x'),
      /of an idempotent producer, is there 2 times/,
    ],
    'there more often than it was sent': [
      new Scene().sent('x', { isIdempotent: false, at: 0 }).final('x', 'x'),
      /sent 1 times, is there 2 times/,
    ],
    'out of order': [new Scene().sent('x').sent('y').final('y', 'x'), /batch 0\.1 is at 0, where 0\.0 was due/],
    'there without those before it': [new Scene().sent('x').sent('y').final('y'), /where 0\.0 was due/],
    'before what was acknowledged before it was sent': [
      new Scene().sent('x', { at: 2, ackMs: 2 }).sent('y', { producer: 1, sentMs: 3 }).final('y', 'x'),
      /before 0\.0 at 2, which was acknowledged before it was sent/,
    ],
    'of nobody': [new Scene().final('x'), /that nobody sent/],
    'half of a batch': [new Scene().sent('x', { values: ['xa', 'xb', 'xc'] }).final('x'), /that nobody sent/],
    'of another partition': [new Scene().sent('x', { partition: 't/1' }).final('x'), /that nobody sent/],
    'seen and then gone': [new Scene().sent('x').read(seen('x', 0)).final(), /at the end nothing is there/],
    'seen with other bytes': [
      new Scene()
        .sent('x')
        .read(seen('x', 0, 8))
        .final('x'),
      /saw 2 records from "xa" \(8\) at 0, at the end there is 2 records from "xa" \(7\)/,
    ],
  }
  for (const [what, [scene, found]] of Object.entries(bad)) test(`${what} are caught`, () => scene.finds(found))

  test('with a hole are caught', () => {
    const scene = new Scene().sent('x')
    const bounds = { calledMs: 100, startOffset: 0, endOffset: 4 }
    scene.history.finals.push({ when: 'after', partition: 't/0', ...bounds, batches: [seen('x', 2)] })
    scene.finds(/offset 0 is missing/)
  })
})

suite('groups', () => {
  const at = { group: 'g', partition: 't/0' }
  const commit = (
    generation: number,
    offset: number,
    calledMs: number,
    outcome: 'lost' | 'done' | 'refused' = 'done',
  ) => ({
    ...{ ...at, generation, member: `m${generation}`, offset, calledMs, returnedMs: calledMs + 1, outcome },
  })
  const told = (offset: number, calledMs: number) => ({ ...at, offset, calledMs, returnedMs: calledMs + 1 })
  const owner = (generation: number, member: string, toldMs = 0) => ({
    ...{ group: 'g', generation, member, partitions: ['t/0'], toldMs },
  })

  test('that are as they should be', () => {
    const { history } = new Scene()
    history.assignments.push(owner(1, 'm1'), owner(2, 'm2', 20))
    history.commits.push(commit(1, 5, 1), commit(1, 9, 10, 'lost'), commit(2, 6, 22), commit(1, 12, 23, 'refused'))
    history.committed.push(told(-1, 0), told(5, 4), told(9, 12), told(5, 21), told(6, 30))
    deepEqual(checkTopics(history), [])
  })

  const bad: Record<string, readonly [(history: TopicHistory) => void, RegExp]> = {
    'with two owners of a partition': [
      ({ assignments }) => assignments.push(owner(1, 'a'), owner(1, 'b')),
      /t\/0 in generation 1 of g is owned by a and by b/,
    ],
    'that take a commit of an earlier generation': [
      ({ assignments, commits }) => {
        assignments.push(owner(2, 'b', 5))
        commits.push(commit(1, 3, 6))
      },
      /m1 committed t\/0 for generation 1 of g, after b was told of generation 2/,
    ],
    'whose offset goes back': [
      ({ commits, committed }) => {
        commits.push(commit(1, 3, 1), commit(1, 7, 5))
        committed.push(told(3, 9))
      },
      /said to have committed 3 of t\/0, after 7 was acknowledged/,
    ],
    'whose offset is lost': [
      ({ commits, committed }) => {
        commits.push(commit(1, 3, 1))
        committed.push(told(-1, 9))
      },
      /said to have committed -1 of t\/0, after 3/,
    ],
    'whose offset nobody committed': [
      ({ commits, committed }) => {
        commits.push(commit(1, 3, 1), commit(1, 8, 3, 'refused'))
        committed.push(told(8, 9))
      },
      /committed 8 of t\/0, which nobody did/,
    ],
  }
  for (const [what, [make, found]] of Object.entries(bad)) {
    test(`${what} are caught`, () => {
      const { history } = new Scene()
      make(history)
      match(checkTopics(history).join('\n'), found)
    })
  }
})
