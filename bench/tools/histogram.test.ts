import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { Histogram } from './histogram.ts'

suite('a histogram', () => {
  test('gives percentiles within a hundredth, at every size', () => {
    for (const scale of [1, 37, 1000, 65_537, 4_000_000]) {
      const histogram = new Histogram()
      for (let i = 1; i <= 1000; i++) histogram.add(i * scale)
      for (const part of [0.001, 0.5, 0.99, 0.999, 1]) {
        const exact = Math.ceil(part * 1000) * scale
        const given = histogram.at(part)
        assert.ok(given >= exact && given <= exact * 1.02, `${part} of ${scale}: ${given}, not ${exact}`)
      }
      assert.equal(histogram.maxUs, 1000 * scale)
    }
  })

  test('adds another one', () => {
    const [a, b] = [new Histogram(), new Histogram()]
    a.add(5)
    b.add(500_000)
    a.addAll(b)
    assert.equal(a.count, 2)
    assert.equal(a.at(0.5), 5)
    assert.equal(a.maxUs, 500_000)
  })

  test('takes any number, and none', () => {
    const histogram = new Histogram()
    assert.equal(histogram.at(0.5), 0)
    histogram.add(-1)
    histogram.add(1e12)
    assert.equal(histogram.at(0.5), 0)
    assert.equal(histogram.at(1), 0xffff_ffff)
    histogram.reset()
    assert.equal(histogram.count, 0)
  })
})
