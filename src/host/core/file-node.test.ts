import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createRandom } from '#kernel/base/random.ts'
import { FileNode, sectorBytes } from './file-node.ts'

/** The states of a small file since its last sync, each as size and bytes. */
interface Version {
  readonly size: number
  readonly bytes: Uint8Array
}

function versionOf(node: FileNode): Version {
  return { size: node.size, bytes: node.content.read(0, 8192) }
}

test('after a power loss each sector is as it was at the last sync or at any time since, as is the size', () => {
  for (let seed = 0; seed < 400; seed++) {
    const random = createRandom(`power ${seed}`)
    const node = new FileNode(true)
    let versions = [versionOf(node)]
    for (let step = random.below(12); step >= 0; step--) {
      const kind = random.below(6)
      if (kind === 0) {
        node.syncTo(node.syncPoint())
        versions = [versionOf(node)]
      } else if (kind === 1) {
        node.truncate(random.below(6000))
        versions.push(versionOf(node))
      } else {
        node.write(random.below(5000), random.bytes(1 + random.below(1500)))
        versions.push(versionOf(node))
      }
    }
    node.losePower(random)
    const { size, bytes } = versionOf(node)
    assert.ok(
      versions.some((version) => version.size === size),
      `seed ${seed}: size ${size}`,
    )
    for (let at = 0; at < 8192; at += sectorBytes) {
      const sector = sectorOf(bytes, at, size)
      const possible = versions.some((version) => equal(sector, sectorOf(version.bytes, at, size)))
      assert.ok(possible, `seed ${seed}: the sector at ${at} was never so`)
    }
    assert.ok(bytes.subarray(size).every((byte) => byte === 0))
  }
})

test('a power loss has all outcomes: nothing kept, all kept, a beginning, holes', () => {
  const seen = new Set<string>()
  for (let seed = 0; seed < 500; seed++) {
    const node = new FileNode(true)
    node.truncate(4 * sectorBytes)
    node.syncTo(node.syncPoint())
    node.write(0, new Uint8Array(4 * sectorBytes).fill(1))
    node.losePower(createRandom(`outcome ${seed}`))
    assert.equal(node.size, 4 * sectorBytes)
    seen.add([0, 1, 2, 3].map((sector) => node.content.read(sector * sectorBytes, 1)[0]).join(''))
  }
  assert.equal(seen.size, 16, [...seen].join(' '))
})

test('of a sector written three times any version may stay', () => {
  const seen = new Set<number>()
  for (let seed = 0; seed < 100; seed++) {
    const node = new FileNode(true)
    node.truncate(sectorBytes)
    node.syncTo(node.syncPoint())
    for (const value of [1, 2, 3]) node.write(0, new Uint8Array(sectorBytes).fill(value))
    node.losePower(createRandom(`versions ${seed}`))
    seen.add(node.content.read(7, 1)[0]!)
  }
  assert.deepEqual([...seen].sort(), [0, 1, 2, 3])
})

test('a sync covers the changes before its point, not those after', () => {
  const outcomes = new Set<string>()
  for (let seed = 0; seed < 50; seed++) {
    const node = new FileNode(true)
    node.write(0, new Uint8Array(sectorBytes).fill(1))
    const point = node.syncPoint()
    node.write(0, new Uint8Array(10).fill(2))
    node.write(sectorBytes, new Uint8Array(sectorBytes).fill(3))
    node.syncTo(point)
    node.losePower(createRandom(`point ${seed}`))
    assert.ok(node.size >= sectorBytes)
    assert.equal(node.content.read(10, 1)[0], 1)
    outcomes.add(`${node.content.read(0, 1)[0]} ${node.size}`)
  }
  assert.deepEqual([...outcomes].sort(), ['1 1024', '1 512', '2 1024', '2 512'])
})

test('a shortened file that gets its length back has its old bytes or zeros', () => {
  const outcomes = new Set<string>()
  for (let seed = 0; seed < 100; seed++) {
    const node = new FileNode(true)
    node.write(0, new Uint8Array(50_000).fill(9))
    node.syncTo(node.syncPoint())
    node.truncate(100)
    node.losePower(createRandom(`cut ${seed}`))
    const byte = node.content.read(40_000, 1)[0]
    assert.equal(node.content.read(99, 1)[0], 9)
    outcomes.add(`${node.size} ${byte}`)
  }
  assert.deepEqual([...outcomes].sort(), ['100 0', '50000 0', '50000 9'])
})

function sectorOf(bytes: Uint8Array, at: number, size: number): Uint8Array {
  return bytes.subarray(at, Math.max(at, Math.min(at + sectorBytes, size)))
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.from(a).equals(b)
}
