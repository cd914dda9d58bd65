import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { FillerLedger, fillerValue } from './filler-ledger.ts'

const bytes = 64

suite('what may be read of the large values', () => {
  test('is the one that was acknowledged last, and no earlier one', () => {
    const ledger = new FillerLedger(bytes)
    const first = ledger.asked(1)
    ledger.acknowledged()
    const second = ledger.asked(1)
    ledger.acknowledged()
    assert.equal(ledger.judge(second.key, fillerValue(second.sequence, bytes)), undefined)
    assert.match(ledger.judge(first.key, fillerValue(first.sequence, bytes))!, /is write 0 where only 1 can be/)
    assert.match(ledger.judge(first.key, undefined)!, /is write -1/)
  })

  test('is nothing, or one without an answer, before any is acknowledged', () => {
    const ledger = new FillerLedger(bytes)
    const { key, sequence } = ledger.asked(1)
    ledger.unknown()
    assert.equal(ledger.judge(key, undefined), undefined)
    assert.equal(ledger.judge(key, fillerValue(sequence, bytes)), undefined)
  })

  test('may be one without an answer also after a later one was acknowledged', () => {
    const ledger = new FillerLedger(bytes)
    const { key, sequence } = ledger.asked(1)
    ledger.unknown()
    ledger.asked(1)
    ledger.acknowledged()
    assert.equal(ledger.judge(key, fillerValue(sequence, bytes)), undefined)
    assert.match(ledger.judge(key, undefined)!, /is write -1 where only 0, 1 can be/)
  })

  test('has every byte that was written', () => {
    const ledger = new FillerLedger(bytes)
    const { key, sequence } = ledger.asked(1)
    ledger.acknowledged()
    assert.match(ledger.judge(key, fillerValue(sequence, bytes - 1))!, /has other bytes than write 0/)
  })
})
