import { concatBytes, equalBytes, latin1Bytes } from '#kernel/base/bytes.ts'
import { crc32c } from '#kernel/base/crc32c.ts'
import { bucket, check, committedCorpus, type FuzzTarget } from '#kernel/base/testing/fuzz/index.ts'
import { decodeManifest, emptyManifest, encodeManifestHead, type Manifest } from './manifest.ts'
import type { TableSummary } from './table-writer.ts'

const b = latin1Bytes

function write(manifest: Manifest): Uint8Array {
  const { meta } = manifest.mark
  return concatBytes([encodeManifestHead(manifest, crc32c(meta)), meta])
}

const table = (number: number, from: string, to: string | undefined): TableSummary => ({
  ...{ number, size: 4096 + number, checksum: 0x1234_5678 + number },
  range: { from: b(from), to: to === undefined ? undefined : b(to) },
})

const full: Manifest = {
  mark: { index: 500, term: 3, meta: b('the state of a shard') },
  nextNumber: 300,
  levels: [
    [table(12, 'a', 'z'), table(11, '', undefined)],
    [table(7, 'a', 'c'), table(8, 'c', 'd\0'), table(9, 'x', undefined)],
    ...emptyManifest.levels.slice(2),
  ],
}

/** With the checksums and lengths that belong to what is in it. */
function repaired(input: Uint8Array): Uint8Array {
  const bytes = input.slice()
  if (bytes.length < 24) return bytes
  const view = new DataView(bytes.buffer)
  const head = Math.max(24, Math.min(bytes.length, view.getUint32(8, true)))
  view.setUint32(8, head, true)
  view.setUint32(12, bytes.length - head, true)
  view.setUint32(16, crc32c(bytes, head), true)
  view.setUint32(head - 4, crc32c(bytes, 0, head - 4), true)
  return bytes
}

const target: FuzzTarget = {
  name: 'table-manifests',
  family: 'tables',
  refusals: ['DATA_DAMAGED', 'FORMAT_UNKNOWN'],
  inputBytesMax: 1024,
  corpus: () => [write(emptyManifest), write(full), ...committedCorpus(import.meta.dirname, 'table-manifests')],
  run(input, dice) {
    const isRepaired = !dice.once(4)
    const bytes = isRepaired ? repaired(input) : input
    const manifest = decodeManifest(bytes, 'a manifest')
    const again = write(manifest)
    check(equalBytes(write(decodeManifest(again, 'again')), again), 'what is read is written the same')
    if (!isRepaired) check(equalBytes(again, bytes), 'damage is never taken for a manifest')
    const files = manifest.levels.flat()
    check(
      files.every(({ number }) => number < manifest.nextNumber),
      'numbers of files to come are above all',
    )
    return `${isRepaired} ${bucket(files.length)} ${bucket(manifest.mark.meta.length)}`
  },
}

export const targets = [target]
