import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { createMemoryHost, MemoryDisk } from '#host/memory/index.ts'
import { utf8Bytes } from '#kernel/base/bytes.ts'
import { UnumError } from '#kernel/base/errors.ts'
import { checkIdentity, type Identity, identityText, readIdentity, writeIdentity } from './identity.ts'

const identity: Identity = { format: 1, clusterId: '0123456789abcdef', node: 'n2', nodeId: 2 }
const wanted = { clusterId: '0123456789abcdef', node: 'n2', nodeId: 2 }

suite('the identity of data on a disk', () => {
  const open = () => createMemoryHost({ disk: new MemoryDisk() }).disk

  async function readAfter(change: (bytes: Uint8Array) => Uint8Array): Promise<Identity | UnumError | undefined> {
    const disk = open()
    await writeIdentity(disk, identity)
    const file = await disk.open('identity', { create: false })
    const bytes = change(await file.read(0, file.size))
    await file.truncate(0)
    if (bytes.length > 0) await file.write(0, bytes)
    await file.close()
    try {
      const found = await readIdentity(disk)
      if (found) checkIdentity(found, wanted)
      return found
    } catch (error) {
      assert.ok(error instanceof UnumError, String(error))
      return error
    }
  }

  test('is found as it was written, and not on an empty disk', async () => {
    assert.equal(await readIdentity(open()), undefined)
    assert.deepEqual(await readAfter((bytes) => bytes), identity)
  })

  test('with a flipped bit anywhere is refused, or says the same', async () => {
    const { length } = utf8Bytes(JSON.stringify(identity))
    let refused = 0
    for (let at = 0; at < length; at++) {
      for (let bit = 0; bit < 8; bit++) {
        const found = await readAfter((bytes) => {
          bytes[at]! ^= 1 << bit
          return bytes
        })
        if (found instanceof UnumError) refused++
        else assert.deepEqual(found, identity, `bit ${bit} of byte ${at}`)
      }
    }
    assert.ok(refused > length * 7, `${refused} of ${length * 8} were refused`)
  })

  test('that is cut short anywhere is refused', async () => {
    const { length } = utf8Bytes(JSON.stringify(identity))
    for (let at = 0; at < length; at++) {
      const found = await readAfter((bytes) => bytes.subarray(0, at))
      assert.ok(found instanceof UnumError && found.code === 'DATA_DAMAGED', `cut at ${at}`)
    }
  })

  const others: [what: string, other: Identity, code: string, message: RegExp][] = [
    ['another cluster', { ...identity, clusterId: 'f' }, 'CLUSTER_MISMATCH', /cluster f, .*0123/],
    ['another node', { ...identity, node: 'n1', nodeId: 1 }, 'CLUSTER_MISMATCH', /n1.*n2/],
    ['another number', { ...identity, nodeId: 3 }, 'DATA_DAMAGED', /3.*2/],
  ]
  for (const [what, other, code, message] of others) {
    test(`of ${what} is refused, and both are named`, async () => {
      const disk = open()
      await writeIdentity(disk, other)
      const found = await readIdentity(disk)
      assert.deepEqual(found, other)
      assert.throws(
        () => checkIdentity(other, wanted),
        (error) => error instanceof UnumError && error.code === code && message.test(error.message),
      )
    })
  }

  const texts: [what: string, text: string, code: string, message: RegExp][] = [
    ['a newer format', '{"format":2}', 'FORMAT_UNKNOWN', /format 2: .* knows format 1/],
    [
      'a format that rotted',
      identityText(identity).replace('"format":1', '"format":5'),
      'DATA_DAMAGED',
      /format has become 5/,
    ],
    ['nothing', 'null', 'DATA_DAMAGED', /describes no node/],
    [
      'whatever without a checksum',
      '{"format":1,"clusterId":"0123456789abcdef","node":"n2","nodeId":2}',
      'DATA_DAMAGED',
      /checksum is wrong/,
    ],
  ]
  for (const [what, text, code, message] of texts) {
    test(`of ${what} is refused`, async () => {
      const found = await readAfter(() => utf8Bytes(text))
      assert.ok(found instanceof UnumError)
      assert.equal(found.code, code)
      assert.match(found.message, message)
    })
  }
})
