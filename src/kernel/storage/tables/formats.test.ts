import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import { Simulation } from '#host/simulated/index.ts'
import { copyBytes, latin1Bytes } from '#kernel/base/bytes.ts'
import { crc32c } from '#kernel/base/crc32c.ts'
import { UnumError } from '#kernel/base/errors.ts'
import { BlockCache } from './block-cache.ts'
import type { Manifest } from './manifest.ts'
import { decodeManifest, encodeManifestHead, levelCount } from './manifest.ts'
import { openTree } from './open-tree.ts'
import type { CachedContent } from './table-file.ts'
import { decodeFooter, decodeRanges, encodeFooter, encodeRanges, footerBytes } from './table-format.ts'
import { TableIndex } from './table-index.ts'
import { readFile } from './testing/tree-image.ts'

const b = latin1Bytes

/** Hostile input is refused with `DATA_DAMAGED`, or is taken: nothing else happens. */
function refuses(read: (bytes: Uint8Array) => unknown): (bytes: Uint8Array) => void {
  return (bytes) => {
    try {
      read(bytes)
    } catch (error) {
      assert.ok(error instanceof UnumError && ['DATA_DAMAGED', 'FORMAT_UNKNOWN'].includes(error.code), String(error))
    }
  }
}

const manifest: Manifest = {
  mark: { index: 2 ** 40, term: 3, meta: b('meta') },
  nextNumber: 9,
  levels: Array.from({ length: levelCount }, (_, level) =>
    level > 1
      ? []
      : [
          { number: level + 1, size: 500, checksum: 1, range: { from: b('a'), to: b('b') } },
          { number: level + 3, size: 500, checksum: 2, range: { from: b('b'), to: undefined } },
        ],
  ),
}

function manifestBytes(): Uint8Array {
  const head = encodeManifestHead(manifest, crc32c(manifest.mark.meta))
  return Uint8Array.from([...head, ...manifest.mark.meta])
}

test('a manifest is read as it was written', () => {
  assert.deepEqual(
    JSON.stringify(decodeManifest(manifestBytes(), 'manifest')),
    JSON.stringify({ ...manifest, mark: { ...manifest.mark, meta: copyBytes(manifest.mark.meta) } }),
  )
})

test('hostile bytes in place of a manifest, also with a right checksum, are refused or taken', () => {
  const attempt = refuses((bytes) => decodeManifest(bytes, 'manifest'))
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), attempt))
  const edits = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 5 })
  fc.assert(
    fc.property(edits, (changes) => {
      const bytes = manifestBytes()
      const headLength = bytes.length - manifest.mark.meta.length
      for (const [at, value] of changes) bytes[12 + (at % (headLength - 16))] = value
      new DataView(bytes.buffer).setUint32(headLength - 4, crc32c(bytes, 0, headLength - 4), true)
      attempt(bytes)
    }),
    { numRuns: 2_000 },
  )
})

test('a manifest or table of another version is named as such', () => {
  const bytes = manifestBytes()
  const headLength = bytes.length - manifest.mark.meta.length
  bytes[4] = 99
  new DataView(bytes.buffer).setUint32(headLength - 4, crc32c(bytes, 0, headLength - 4), true)
  assert.throws(() => decodeManifest(bytes, 'x/manifest'), { code: 'FORMAT_UNKNOWN', message: /x\/manifest.*99.*1/ })
  const section = { offset: 0, length: 0 }
  const footer = copyBytes(
    encodeFooter({ number: 1, filter: section, index: section, ranges: section, rows: 0, tombstones: 0, contents: 0 }),
  )
  footer[footerBytes - 12] = 99
  new DataView(footer.buffer, footer.byteOffset).setUint32(footerBytes - 8, crc32c(footer, 0, footerBytes - 8), true)
  assert.throws(() => decodeFooter(footer, 1_000, 'x/1.table'), {
    code: 'FORMAT_UNKNOWN',
    message: /x\/1.table.*99.*1/,
  })
})

test('hostile bytes in place of footer, ranges or index are refused or taken', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: footerBytes, maxLength: footerBytes }),
      refuses((bytes) => decodeFooter(bytes, 10_000, 't')),
    ),
  )
  const ranges = encodeRanges([
    { from: b('a'), to: b('c') },
    { from: b('d'), to: undefined },
  ])
  const edits = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 3 })
  const edited = (bytes: Uint8Array, changes: [number, number][]) => {
    const copy = copyBytes(bytes)
    for (const [at, value] of changes) copy[at % copy.length] = value
    return copy
  }
  fc.assert(fc.property(edits, (changes) => refuses((bytes) => decodeRanges(bytes, 't'))(edited(ranges, changes))))
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 100 }),
      refuses((bytes) => decodeRanges(bytes, 't')),
    ),
  )
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 100 }),
      refuses((bytes) => new TableIndex(bytes, 100, 't')),
    ),
  )
})

/** The hexadecimal dump under a heading of the format's page. */
function example(heading: string): string {
  const page = readFileSync(new URL('../../../../docs/formats/tables.md', import.meta.url), 'utf8')
  const text = page.slice(page.indexOf(heading)).split('```')[1]!
  return text
    .split('\n')
    .slice(1)
    .map((line) => line.replace(/^[0-9a-f]{4} {2}/, '').split('   ')[0]!)
    .join(' ')
    .replace(/\s+/g, ' ')
    .trim()
}

test('the worked example of docs/formats/tables.md is what the code writes', async () => {
  const simulation = new Simulation({ seed: 1 })
  const { disk, clock } = simulation.machine('m').host
  const cache = new BlockCache<CachedContent>({ bytesMax: 0 })
  const settle = <T>(promise: Promise<T>) => simulation.complete(promise)
  const tree = await settle(openTree({ disk, clock, directory: 'tables', cache }))
  tree.put(b('old'), b('1'))
  tree.put(b('zoo'), b('1'))
  await settle(tree.flush({ index: 1, term: 1, meta: b('') }))
  tree.put(b('apple'), b('red'))
  tree.put(b('apricot'), b(''))
  tree.delete(b('old'))
  tree.deleteRange({ from: b('p'), to: b('t') })
  await settle(tree.flush({ index: 7, term: 2, meta: b('hi') }))
  for (const [heading, name] of [
    ['### The table file', '2.table'],
    ['### The manifest', 'manifest'],
  ] as const) {
    const bytes = await settle(readFile(disk, `tables/${name}`))
    assert.equal(example(heading), Buffer.from(bytes).toString('hex').replace(/../g, '$& ').trim())
  }
})
