import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { Failure } from '../failure.ts'
import type { ClusterFile } from './data-folder.ts'
import { openDataFolder } from './data-folder.ts'

suite('a damaged cluster.json', () => {
  let path = ''
  let original: Buffer
  let cluster: ClusterFile
  before(() => {
    path = mkdtempSync(join(tmpdir(), 'unum-cluster-file-'))
    const folder = openDataFolder(path, { nodes: 3, shards: 1 })
    folder.markFormed()
    folder.release()
    original = readFileSync(join(path, 'cluster.json'))
    cluster = JSON.parse(original.toString())
  })
  after(() => rmSync(path, { recursive: true }))

  function openWith(bytes: Uint8Array): ClusterFile | Failure {
    writeFileSync(join(path, 'cluster.json'), bytes)
    try {
      const folder = openDataFolder(path, { nodes: undefined, shards: undefined })
      folder.release()
      return folder.cluster
    } catch (error) {
      assert.ok(error instanceof Failure, String(error))
      assert.match(error.message, /cluster\.json/)
      return error
    }
  }

  test('with a flipped bit is refused with its name; only the cluster it names, which each node compares, can come out changed', () => {
    for (let at = 0; at < original.length; at++) {
      for (const bit of [at % 8, 0]) {
        const bytes = Buffer.from(original)
        bytes[at]! ^= 1 << bit
        const found = openWith(bytes)
        if (found instanceof Failure) continue
        // `shards` says how the cluster was cut when it was created: nothing is cut any more.
        assert.deepEqual(
          { ...found, clusterId: '', shards: 1 },
          { ...cluster, clusterId: '' },
          `bit ${bit} of byte ${at}`,
        )
      }
    }
  })

  test('that is cut short is refused', () => {
    for (let at = 0; at < original.length - 1; at++) {
      const found = openWith(original.subarray(0, at))
      assert.ok(found instanceof Failure || JSON.stringify(found) === JSON.stringify(cluster), `cut at ${at}`)
    }
  })
})
