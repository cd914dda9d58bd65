import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createRandom } from '#kernel/base/random.ts'
import { DiskImage, normalisePath } from './disk-image.ts'

/** All that a disk can look like after a power loss, over many seeds: the names in the root, sorted, joined. */
function outcomes(prepare: (image: DiskImage) => void, directory = ''): string[] {
  const seen = new Set<string>()
  for (let seed = 0; seed < 200; seed++) {
    const image = new DiskImage(true)
    prepare(image)
    image.losePower(createRandom(`image ${seed}`))
    seen.add(image.list(directory).join(' '))
  }
  return [...seen].sort()
}

test('names that were not synced may be gone, each for itself or the last ones', () => {
  const seen = outcomes((image) => {
    for (const name of ['a', 'b', 'c']) image.open(name, true)
  })
  assert.deepEqual(seen, ['', 'a', 'a b', 'a b c', 'a c', 'b', 'b c', 'c'])
})

test('synced names stay', () => {
  const seen = outcomes((image) => {
    image.open('a', true)
    image.syncDirectory('')
    image.open('b', true)
  })
  assert.deepEqual(seen, ['a', 'a b'])
})

test('a rename happens or not, but never leaves both names or none', () => {
  const seen = outcomes((image) => {
    image.open('a', true)
    image.syncDirectory('')
    image.rename('a', 'b')
  })
  assert.deepEqual(seen, ['a', 'b'])
})

test('a rename of a new file needs the file', () => {
  const seen = outcomes((image) => {
    image.open('draft', true)
    image.rename('draft', 'final')
  })
  assert.deepEqual(seen, ['', 'draft', 'final'])
})

test('a rename over another file leaves the old or the new one under the name', () => {
  const bytes = new Set<number>()
  for (let seed = 0; seed < 100; seed++) {
    const image = new DiskImage(true)
    for (const [name, byte] of [
      ['target', 1],
      ['draft', 2],
    ] as const) {
      const node = image.open(name, true)
      node.write(0, Uint8Array.of(byte))
      node.syncTo(node.syncPoint())
    }
    image.syncDirectory('')
    image.rename('draft', 'target')
    image.losePower(createRandom(`replace ${seed}`))
    bytes.add(image.open('target', false).content.read(0, 1)[0]!)
  }
  assert.deepEqual([...bytes].sort(), [1, 2])
})

test('a removed file may be back, with its synced bytes', () => {
  const seen = outcomes((image) => {
    const node = image.open('a', true)
    node.write(0, Uint8Array.of(7))
    node.syncTo(node.syncPoint())
    image.syncDirectory('')
    image.remove('a')
  })
  assert.deepEqual(seen, ['', 'a'])
})

test('a name used again keeps the order of what happened to it', () => {
  const seen = new Set<string>()
  for (let seed = 0; seed < 200; seed++) {
    const image = new DiskImage(true)
    const first = image.open('a', true)
    first.write(0, Uint8Array.of(1))
    first.syncTo(first.syncPoint())
    image.syncDirectory('')
    image.remove('a')
    const second = image.open('a', true)
    second.write(0, Uint8Array.of(2))
    second.syncTo(second.syncPoint())
    image.losePower(createRandom(`again ${seed}`))
    seen.add(image.list('').length === 0 ? 'gone' : String(image.open('a', false).content.read(0, 1)[0]))
  }
  assert.deepEqual([...seen].sort(), ['1', '2', 'gone'])
})

test('syncing a directory makes what its names rest on durable elsewhere too', () => {
  const seen = outcomes((image) => {
    image.makeDirectory('from')
    image.makeDirectory('to')
    image.open('from/file', true)
    image.rename('from/file', 'to/file')
    image.syncDirectory('to')
  }, 'to')
  assert.deepEqual(seen, ['file'])
})

test('a made directory is durable; a removed one may be back, empty or in parts, until its parent is synced', () => {
  const prepare = (image: DiskImage) => {
    image.makeDirectory('d/e')
    image.open('d/a', true)
    image.open('d/e/b', true)
    image.syncDirectory('d')
    image.syncDirectory('d/e')
    for (const step of image.removalSteps('d')) step()
  }
  assert.deepEqual(outcomes(prepare), ['', 'd'])
  assert.deepEqual(outcomes(prepare, 'd'), ['', 'a', 'a e', 'e'])
  assert.deepEqual(
    outcomes((image) => {
      prepare(image)
      image.syncDirectory('')
    }),
    [''],
  )
})

test('a directory removed and made again is there', () => {
  const seen = outcomes((image) => {
    image.makeDirectory('d')
    image.open('d/a', true)
    image.syncDirectory('d')
    for (const step of image.removalSteps('d')) step()
    image.makeDirectory('d')
    image.open('d/b', true)
  }, 'd')
  assert.deepEqual(seen, ['', 'b'])
})

test('an image that is not tracked is never asked to remember', () => {
  const image = new DiskImage(false)
  const node = image.open('a', true)
  node.write(0, new Uint8Array(1000))
  image.rename('a', 'b')
  assert.deepEqual(image.list(''), ['b'])
  assert.equal(image.bytes, 1000)
})

test('paths have one form and do not leave the root', () => {
  assert.equal(normalisePath('/a//b/'), 'a/b')
  assert.equal(normalisePath(''), '')
  for (const path of ['..', 'a/..', '.', 'a/./b', 'a\0b'])
    assert.throws(() => normalisePath(path), { code: 'DISK_FAILED' })
})
