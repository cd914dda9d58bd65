import assert from 'node:assert/strict'
import test from 'node:test'
import { createRandom } from '#kernel/base/random.ts'
import { SequenceWindow } from './sequence-window.ts'

test('a window is a map of rising numbers, in their order', () => {
  for (let seed = 1; seed <= 60; seed++) {
    const random = createRandom(seed)
    const window = new SequenceWindow<{ readonly of: number } | null>()
    const expected = new Map<number, { readonly of: number } | null>()
    // Also where numbers no longer fit into 32 bits.
    let next = random.below(2) === 0 ? 1 : 2 ** 32 - 20
    for (let step = 0; step < 400; step++) {
      const choice = random.below(10)
      const sequence = choice === 0 ? Math.max(1, next - random.below(40)) : (next += 1 + random.below(3))
      const value = random.below(5) === 0 ? null : { of: sequence }
      if (choice < 5) {
        window.set(sequence, value)
        expected.set(sequence, value)
      } else if (choice < 9) {
        const known = [...expected.keys()].sort((a, b) => a - b)
        const one = known[random.below(known.length + 1)] ?? sequence
        assert.equal(window.delete(one), expected.delete(one))
      } else {
        const low = next - random.below(60)
        window.deleteBelow(low)
        for (const one of expected.keys()) if (one < low) expected.delete(one)
      }
      const sorted = [...expected].sort(([a], [b]) => a - b)
      assert.deepEqual([...window.entries()], sorted, `seed ${seed}`)
      assert.equal(window.size, expected.size)
      assert.equal(window.lowest, sorted[0]?.[0])
      assert.equal(window.get(sequence), expected.get(sequence))
    }
  }
})

test('what is added and removed while it is gone through is met and left out', () => {
  const window = new SequenceWindow<{ readonly of: number }>()
  for (let i = 1; i <= 5; i++) window.set(i, { of: i })
  const met: number[] = []
  for (const { of } of window.values()) {
    met.push(of)
    if (of === 2) window.delete(3)
    if (of === 4) for (let i = 6; i <= 40; i++) window.set(i, { of: i })
  }
  assert.deepEqual(met, [1, 2, 4, 5, ...Array.from({ length: 35 }, (_, i) => i + 6)])
})
