import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, suite, test } from 'node:test'
import type { Wanted } from './data-folder.ts'
import { openDataFolder } from './data-folder.ts'

suite('a data folder', () => {
  let path = ''
  beforeEach(() => {
    path = mkdtempSync(join(tmpdir(), 'unum-data-'))
  })
  afterEach(() => rmSync(path, { recursive: true }))

  const asTheDataSays: Wanted = { nodes: undefined, shards: undefined }
  const create = (wanted: Wanted) => {
    const folder = openDataFolder(path, wanted)
    folder.markFormed()
    folder.release()
    return folder.cluster
  }
  const refusal = (wanted: Wanted) => {
    try {
      openDataFolder(path, wanted).release()
    } catch (error) {
      return (error as Error).message
    }
    return undefined
  }

  test('without one becomes a cluster of three nodes and one shard', () => {
    const folder = openDataFolder(join(path, 'a/b'), asTheDataSays)
    const { nodes, shards, formed, clusterId } = folder.cluster
    assert.deepEqual(
      nodes.map(({ name, zone }) => name + zone),
      ['n1a', 'n2b', 'n3c'],
    )
    assert.deepEqual({ shards, formed }, { shards: 1, formed: false })
    assert.match(clusterId, /^[0-9a-f]{32}$/)
    assert.deepEqual(readdirSync(folder.path), ['.lock', 'cluster.json', 'n1', 'n2', 'n3'])
    folder.release()
  })

  test('opens again as the same cluster, which is formed then', () => {
    const { clusterId } = create({ nodes: 5, shards: 4 })
    const folder = openDataFolder(path, asTheDataSays)
    assert.equal(folder.cluster.clusterId, clusterId)
    assert.equal(folder.cluster.nodes.length, 5)
    assert.equal(folder.cluster.formed, true)
    folder.release()
  })

  test('of another shape is refused, with both shapes named', () => {
    create({ nodes: 3, shards: 1 })
    assert.match(refusal({ nodes: 5, shards: undefined }) ?? '', /has 3 nodes and cannot become one of 5 yet/)
    assert.match(refusal({ nodes: undefined, shards: 2 }) ?? '', /created with 1 shard, not 2/)
    assert.equal(refusal({ nodes: 3, shards: 1 }), undefined)
  })

  test('in use is refused, with the user named', () => {
    const folder = openDataFolder(path, asTheDataSays)
    assert.match(refusal(asTheDataSays) ?? '', new RegExp(`process ${process.pid}, this one uses it.*--data`))
    folder.release()
  })

  test('of a newer format is refused, with both formats named', () => {
    create(asTheDataSays)
    const file = join(path, 'cluster.json')
    writeFileSync(file, readFileSync(file, 'utf8').replace('"format": 1', '"format": 2'))
    assert.match(
      refusal(asTheDataSays) ?? '',
      /has format 2, written by a newer version of Unum; this one knows format 1/,
    )
  })

  test('whose file names no id, or more shards than there can be, is refused', () => {
    create(asTheDataSays)
    const file = join(path, 'cluster.json')
    const whole = JSON.parse(readFileSync(file, 'utf8'))
    for (const change of [{ clusterId: [whole.clusterId] }, { shards: 1e300 }, { shards: 1025 }, { shards: 1.5 }]) {
      writeFileSync(file, JSON.stringify({ ...whole, ...change }))
      assert.match(refusal(asTheDataSays) ?? '', /is damaged/, JSON.stringify(change))
    }
  })

  test('that is damaged is refused', () => {
    for (const text of [
      '',
      '{',
      'null',
      '[]',
      '{"format":1}',
      '{"format":1,"nodes":[],"clusterId":"a"}',
      '{"format":"1"}',
    ]) {
      writeFileSync(join(path, 'cluster.json'), text)
      assert.match(refusal(asTheDataSays) ?? '', /is damaged/, text)
    }
  })

  test('that holds something else is refused and stays as it is', () => {
    writeFileSync(join(path, 'thesis.txt'), '')
    assert.match(refusal(asTheDataSays) ?? '', /thesis\.txt/)
    assert.deepEqual(readdirSync(path), ['thesis.txt'])
  })
})
