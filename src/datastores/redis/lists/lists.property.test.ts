import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ask } from '../testing/ask.ts'
import { checkInvariants } from '../testing/invariants.ts'
import { ShardTwin } from '../testing/shard-twin.ts'
import { listCommands } from './commands.ts'

/** Does what a command means to an array, by way of whole copies, and answers what the command does. */
type TwinCommand = (list: string[], a: number, b: number, x: string) => { words: (string | number)[]; answer: unknown }

const twinCommands: Readonly<Record<string, TwinCommand>> = {
  push: (list, a, b, x) => {
    const many = Array.from({ length: 1 + Math.abs(b) }, (_, i) => `${x}${i % 3}`)
    if (a % 2 === 0) list.push(...many)
    else list.unshift(...many.toReversed())
    return { words: [a % 2 === 0 ? 'RPUSH' : 'LPUSH', 'l', ...many], answer: list.length }
  },
  insert: (list, a, _b, x) => {
    const pivot = list.length > 0 ? list[Math.abs(a) % list.length]! : 'none'
    const at = list.indexOf(pivot)
    const before = a < 0
    if (at >= 0) list.splice(before ? at : at + 1, 0, x)
    const answer = list.length === 0 ? 0 : at < 0 ? -1 : list.length
    return { words: ['LINSERT', 'l', before ? 'BEFORE' : 'AFTER', pivot, x], answer }
  },
  remove: (list, a, _b, x) => {
    const fits = list.flatMap((element, i) => (element === `${x}1` ? [i] : []))
    const chosen = a === 0 ? fits : a > 0 ? fits.slice(0, a) : fits.slice(a)
    const left = list.filter((_, i) => !chosen.includes(i))
    list.splice(0, list.length, ...left)
    return { words: ['LREM', 'l', a, `${x}1`], answer: chosen.length }
  },
  trim: (list, a, b) => {
    const from = a < 0 ? Math.max(0, list.length + a) : a
    const to = b < 0 ? list.length + b : b
    const left = list.slice(from, Math.max(0, to + 1))
    if (a % 3 !== 0) return { words: ['LRANGE', 'l', a, b], answer: left }
    list.splice(0, list.length, ...(to < from ? [] : left))
    return { words: ['LTRIM', 'l', a, b], answer: 'OK' }
  },
  pop: (list, a, b) => {
    const count = Math.abs(b)
    const exists = list.length > 0
    const popped = a % 2 === 0 ? list.splice(0, count) : list.splice(Math.max(0, list.length - count), count).reverse()
    return { words: [a % 2 === 0 ? 'LPOP' : 'RPOP', 'l', count], answer: exists ? popped : null }
  },
  index: (list, a) => ({ words: ['LINDEX', 'l', a], answer: list.at(a) ?? null }),
}

const step = fc.record({
  command: fc.constantFrom(...Object.keys(twinCommands)),
  a: fc.integer({ min: -30, max: 30 }),
  b: fc.integer({ min: -30, max: 30 }),
  x: fc.constantFrom('a', 'b', 'c'),
})

test('a list is what an array is after the same commands', () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 20, maxLength: 60 }), (steps) => {
      const twin = new ShardTwin(listCommands)
      const list: string[] = []
      for (const { command, a, b, x } of steps) {
        const { words, answer } = twinCommands[command]!(list, a, b, x)
        assert.deepEqual(ask(twin, ...words), answer, words.join(' '))
        assert.deepEqual(ask(twin, 'LRANGE', 'l', 0, -1), list, words.join(' '))
      }
      checkInvariants(twin.evaluation)
    }),
    { numRuns: 100 },
  )
})

test('an element in the middle of a long list is read with one get and no scan', () => {
  const twin = new ShardTwin(listCommands)
  twin.run('RPUSH', 'l', ...Array.from({ length: 1000 }, (_, i) => i))
  const { evaluation } = twin
  let gets = 0
  const get = evaluation.get.bind(evaluation)
  evaluation.get = (key) => {
    gets++
    return get(key)
  }
  evaluation.scan = () => assert.fail('no scan is needed')
  assert.equal(ask(twin, 'LINDEX', 'l', 700), '700')
  assert.equal(gets, 2) // The header and the element.
})
