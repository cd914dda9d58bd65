import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { UnumError } from '#kernel/base/errors.ts'
import { Dice } from '#kernel/base/testing/fuzz/index.ts'
import { allMessages, encoded, versionsOf } from './testing/all-messages.ts'
import { generate } from './testing/generate.ts'
import { WireReader } from './wire/wire-reader.ts'

suite('every message in every version', () => {
  for (const message of allMessages) {
    test(`${message.name}: what is encoded is decoded the same`, () => {
      for (const version of versionsOf(message)) {
        for (let seed = 0; seed < 30; seed++) {
          const value = generate(message.shape, { version, dice: new Dice().seed(seed, version), elementsMax: 3 })
          assert.deepEqual(message.decodeWhole(encoded(message, version, value), version), value, `version ${version}`)
        }
      }
    })

    test(`${message.name}: cut off at any byte, it is refused`, () => {
      for (const version of versionsOf(message)) {
        const value = generate(message.shape, { version, dice: new Dice().seed(7, version), elementsMax: 2 })
        const bytes = encoded(message, version, value)
        for (let length = 0; length < bytes.length; length++) {
          const cut = bytes.slice(0, length)
          assert.throws(() => message.decodeWhole(cut, version), { code: 'DATA_DAMAGED' }, `v${version}, ${length}`)
        }
      }
    })

    test(`${message.name}: with any byte changed, it is decoded or refused`, () => {
      for (const version of versionsOf(message)) {
        const value = generate(message.shape, { version, dice: new Dice().seed(11, version), elementsMax: 2 })
        const bytes = encoded(message, version, value)
        for (let at = 0; at < bytes.length; at++) {
          for (const other of [0, 1, 0x7f, 0x80, 0xff]) {
            const changed = bytes.slice()
            changed[at] = other
            try {
              message.decode(new WireReader(changed), version)
            } catch (error) {
              assert.ok(error instanceof UnumError && error.code === 'DATA_DAMAGED', String(error))
            }
          }
        }
      }
    })
  }
})
