import { ByteWriter } from '#kernel/base/byte-writer.ts'
import { latin1Bytes } from '#kernel/base/bytes.ts'
import { crc32c } from '#kernel/base/crc32c.ts'
import { createRandom } from '#kernel/base/random.ts'
import { bucket, check, committedCorpus, type FuzzTarget } from '#kernel/base/testing/fuzz/index.ts'
import { sectorBytes, segmentFileName } from './format.ts'
import { type OpenedNodeLog, openNodeLog } from './node-log.ts'
import type { LogEntry } from './node-log-types.ts'
import { MemoryDisk, noClock } from './testing/memory-disk.ts'
import { ScriptedLog } from './testing/scripted-log.ts'

/**
 * Logs of which bytes were changed, opened. Every entry's data ends with a checksum over itself, its group and its index,
 * which the log knows nothing of: so what it recovers can be told from what was never written. An input holds the files
 * without the zeros in them: pieces of `segment u8, sector u8, length u16, bytes`.
 */
function payload(group: number, index: number, text: string): Uint8Array {
  const writer = new ByteWriter(64)
  writer.ascii(text)
  writer.uint32(crc32c(latin1Bytes(`${group} ${index} ${text}`)))
  return writer.take()
}

function isOwn(group: number, { index, data }: LogEntry): boolean {
  const text = data.subarray(0, data.length - 4)
  const view = new DataView(data.buffer, data.byteOffset, data.length)
  return (
    data.length >= 4 &&
    view.getUint32(text.length, true) === crc32c(latin1Bytes(`${group} ${index} ${String.fromCharCode(...text)}`))
  )
}

const fileOf = (segment: number) => `log/${segmentFileName(segment, 'log')}`

function pack(files: ReadonlyMap<string, Uint8Array>): Uint8Array {
  const writer = new ByteWriter()
  for (const [path, bytes] of files) {
    const segment = Number.parseInt(path.slice('log/'.length), 16)
    for (let at = 0; at < bytes.length; ) {
      let end = at
      // A run of sectors that are not all zeros, cut behind its last byte that is none.
      while (end < bytes.length && bytes.subarray(end, end + sectorBytes).some((byte) => byte !== 0)) end += sectorBytes
      if (end === at) {
        at += sectorBytes
        continue
      }
      let length = end - at
      while (bytes[at + length - 1] === 0) length--
      writer.uint8(segment)
      writer.uint8(at / sectorBytes)
      writer.uint16(length)
      writer.rawRange(bytes, at, at + length)
      at = end
    }
  }
  return writer.take()
}

function unpack(input: Uint8Array): Map<string, Uint8Array> {
  const files = new Map<string, Uint8Array>()
  for (let at = 0; at + 4 <= input.length; ) {
    const path = fileOf(1 + ((input[at]! - 1) & 7))
    const start = input[at + 1]! * sectorBytes
    const piece = input.subarray(at + 4, at + 4 + (input[at + 2]! | (input[at + 3]! << 8)))
    const before = files.get(path) ?? new Uint8Array(0)
    const end = Math.ceil((start + piece.length) / 4096) * 4096
    const file = before.length >= end ? before : new Uint8Array(end)
    if (file !== before) file.set(before)
    file.set(piece, start)
    files.set(path, file)
    at += 4 + piece.length
  }
  return files
}

async function example(lives: number, entryBytes: number): Promise<Uint8Array> {
  const script = new ScriptedLog()
  const last = new Map<number, number>()
  for (let life = 0; life < lives; life++) {
    await script.open({ seed: 'example' })
    for (let batch = 0; batch < 6; batch++) {
      await script.batch((log) => {
        const group = 1 + (batch % 3)
        const index = (last.get(group) ?? 0) + 1
        last.set(group, index)
        if (batch < 3 && life === 0) log.appendConfiguration(group, latin1Bytes('members'))
        log.appendEntries(group, [
          { index, term: life + 1, kind: 0, data: payload(group, index, `${life}.${batch} `.padEnd(entryBytes, 'x')) },
        ])
        if (batch === 4) log.appendHardState(group, { term: life + 1, vote: 2 })
        if (batch === 5) log.appendBoundary(group, { index: index - 1, term: life + 1 })
      })
    }
    await script.log.close()
  }
  return pack(script.disk.files)
}

function open(disk: MemoryDisk): Promise<OpenedNodeLog> {
  return openNodeLog({
    ...{ disk, clock: noClock, random: createRandom('fuzz'), directory: 'log', segmentBytes: 16 << 10 },
    events: {
      synced: () => undefined,
      full: () => undefined,
      failed: (error) => check(false, `a write failed: ${error.message}`),
    },
  })
}

const target: FuzzTarget = {
  name: 'log-recovery',
  family: 'log recovery',
  refusals: ['DATA_DAMAGED', 'FORMAT_UNKNOWN'],
  inputBytesMax: 16_384,
  corpus: async () => [
    await example(1, 10),
    await example(2, 30),
    await example(4, 600),
    ...committedCorpus(import.meta.dirname, 'log-recovery'),
  ],
  async run(input) {
    const disk = new MemoryDisk(unpack(input))
    const log = await open(disk)
    const { recovery, recovered } = log
    for (const { id, boundary, entries } of recovered.values()) {
      check(
        entries.every((entry) => isOwn(id, entry)),
        'what was never written is not taken for an entry',
      )
      check(
        entries.every(({ index }, i) => index === boundary.index + 1 + i),
        'entries are consecutive',
      )
    }
    const groups = recovered.size
    const wanted = new Set([...recovered.keys(), 77_777]).size
    // A log that opens must also take records.
    log.appendEntries(77_777, [{ index: 1, term: 1, kind: 0, data: payload(77_777, 1, 'later') }])
    log.flush()
    await log.close()
    const again = await open(disk)
    check(again.recovered.has(77_777) && again.recovered.size === wanted, 'it is found again')
    await again.close()
    return `${bucket(recovery.segments)} ${bucket(recovery.batches)} ${bucket(groups)} ${recovery.damagedGroups.length} ${recovery.lost.length}`
  },
}

export const targets = [target]
