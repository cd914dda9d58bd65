import assert from 'node:assert/strict'
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { TestClient } from '#cli/testing/test-client.ts'
import { UnumError } from '#kernel/base/errors.ts'
import { startUnum, type Unum } from './index.ts'

const keyCount = 1500
const settings = { memoryTableBytes: 64 << 10, logSegmentBytes: 1 << 20 }

/** Every file of a node's disk, by what it is. */
const kinds: Record<string, (path: string) => boolean> = {
  identity: (path) => path === 'identity',
  'log segment': (path) => path.startsWith('log/'),
  'table file': (path) => /^groups\/2\/.*\.table$|^groups\/2\/g\d+\/\d/.test(path),
  manifest: (path) => /^groups\/2\/.*manifest$/.test(path),
}

suite('one damaged file of one of three nodes', { timeout: 180_000 }, () => {
  let folder = ''
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'unum-damage-'))
    const data = join(folder, 'whole')
    // Tables are written in the background, each node in its time: a stop may come before.
    for (let tries = 0; tries === 0 || !filesOf(join(data, 'n2')).some(kinds['table file']!); tries++) {
      assert.ok(tries < 10, 'a table is written')
      await using unum = await startUnum({ nodes: 3, data, settings })
      using client = await TestClient.connect(unum.endpoint('redis'))
      const writes = Array.from({ length: keyCount }, (_, i) => client.send('SET', `key ${i}`, textOf(i)))
      assert.deepEqual(new Set(await Promise.all(writes)), new Set(['OK']))
      await setTimeout(200)
    }
  })
  after(() => rmSync(folder, { recursive: true, force: true }))

  const textOf = (i: number) => `${i} `.repeat(60)

  async function check(unum: Unum): Promise<void> {
    for (const node of unum.nodes) {
      using client = await TestClient.connect(unum.endpoint('redis', node))
      const replies = await Promise.all(Array.from({ length: keyCount }, (_, i) => client.send('GET', `key ${i}`)))
      for (const [i, reply] of replies.entries()) assert.equal(reply, `"${textOf(i)}"`, `key ${i} at ${node}`)
      assert.equal(await client.send('SET', 'still writable', '1'), 'OK')
    }
  }

  function filesOf(node: string): string[] {
    const paths = readdirSync(node, { recursive: true }) as string[]
    return paths.filter((path) => statSync(join(node, path)).isFile() && statSync(join(node, path)).size > 0).sort()
  }

  const damages: Record<string, (bytes: Buffer) => Buffer> = {
    'a flipped byte at the beginning': (bytes) => flip(bytes, 9),
    'a flipped byte in the middle': (bytes) => flip(bytes, bytes.length >> 1),
    'a cut in the middle': (bytes) => bytes.subarray(0, bytes.length >> 1),
    'nothing left': () => Buffer.alloc(0),
  }
  const flip = (bytes: Buffer, at: number) => {
    bytes[at]! ^= 0x10
    return bytes
  }

  for (const [kind, isOfKind] of Object.entries(kinds)) {
    for (const [damage, change] of Object.entries(damages)) {
      test(`${kind}, ${damage}: it is repaired from the others, or refused with a clear error; nothing is lost`, async (t) => {
        const data = join(folder, 'damaged')
        cpSync(join(folder, 'whole'), data, { recursive: true })
        t.after(() => rmSync(data, { recursive: true, force: true }))
        const node = join(data, 'n2')
        const path = filesOf(node).find(isOfKind)
        assert.ok(path, `there is a ${kind} among ${filesOf(node).join(', ')}`)
        writeFileSync(join(node, path), change(readFileSync(join(node, path))))
        let unum: Unum | undefined
        try {
          unum = await startUnum({ nodes: 3, data, settings })
        } catch (error) {
          assert.ok(error instanceof UnumError, String(error))
          assert.match(error.code, /^(DATA_DAMAGED|FORMAT_UNKNOWN|CLUSTER_MISMATCH)$/)
          t.diagnostic(error.message)
        }
        if (unum) {
          t.diagnostic('repaired')
          // What a replica has voted for is nowhere else: without its log it must not come back.
          assert.ok(kind !== 'log segment' || damage !== 'nothing left', 'a node without its log was let in')
          await using started = unum
          await check(started)
          return
        }
        // Without the damage everything is there: refusing has changed nothing at the others.
        rmSync(node, { recursive: true })
        assert.ok(!existsSync(node))
        cpSync(join(folder, 'whole/n2'), node, { recursive: true })
        await using started = await startUnum({ nodes: 3, data, settings })
        await check(started)
      })
    }
  }
})
