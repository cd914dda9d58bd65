import { ByteWriter } from '#kernel/base/byte-writer.ts'
import { latin1Bytes, latin1Text } from '#kernel/base/bytes.ts'
import { bucket, check, committedCorpus, type FuzzTarget } from '#kernel/base/testing/fuzz/index.ts'
import { type EntryVisitor, EntryWriter, effectKinds, readEntry } from './entry.ts'

type Effect =
  | { readonly kind: 'put'; readonly key: Uint8Array; readonly value: Uint8Array }
  | { readonly kind: 'delete'; readonly key: Uint8Array }
  | { readonly kind: 'deleteRange'; readonly from: Uint8Array; readonly to: Uint8Array | undefined }
  | { readonly kind: 'count'; readonly name: string; readonly delta: number }

interface Transaction {
  readonly gateway: number
  readonly sequence: number
  readonly low: number
  readonly timestampUs: number
  readonly effects: readonly Effect[]
  readonly reply: Uint8Array | undefined
}

class Collector implements EntryVisitor {
  readonly transactions: Transaction[] = []
  #effects: Effect[] = []
  put(bytes: Uint8Array, keyStart: number, keyEnd: number, valueStart: number, valueEnd: number): void {
    const [key, value] = [bytes.subarray(keyStart, keyEnd), bytes.subarray(valueStart, valueEnd)]
    check(key.length === keyEnd - keyStart && value.length === valueEnd - valueStart, 'rows lie within the entry')
    this.#effects.push({ kind: 'put', key, value })
  }
  delete(key: Uint8Array): void {
    this.#effects.push({ kind: 'delete', key })
  }
  deleteRange(from: Uint8Array, to: Uint8Array | undefined): void {
    this.#effects.push({ kind: 'deleteRange', from, to })
  }
  count(name: string, delta: number): void {
    this.#effects.push({ kind: 'count', name, delta: delta === 0 ? 0 : delta })
  }
  transaction(
    gateway: number,
    sequence: number,
    low: number,
    timestampUs: number,
    reply: Uint8Array | undefined,
  ): void {
    check(Number.isSafeInteger(timestampUs), 'timestamps are safe integers')
    this.transactions.push({ gateway, sequence, low, timestampUs, effects: this.#effects, reply })
    this.#effects = []
  }
}

function read(bytes: Uint8Array): readonly Transaction[] {
  const collector = new Collector()
  readEntry(bytes, collector)
  return collector.transactions
}

const replyBytesMax = 4096

function write(transactions: readonly Transaction[]): Uint8Array {
  const entry = new EntryWriter()
  const { writer } = entry
  for (const { gateway, sequence, low, timestampUs, effects, reply } of transactions) {
    entry.begin(gateway, sequence, low, timestampUs)
    for (const effect of effects) writeEffect(writer, effect)
    const written = new ByteWriter(reply ? reply.length : replyBytesMax + 1)
    written.raw(reply ?? new Uint8Array(replyBytesMax + 1))
    entry.end(written, replyBytesMax)
  }
  return entry.take()
}

function writeEffect(writer: ByteWriter, effect: Effect): void {
  writer.uint8(effectKinds[effect.kind])
  switch (effect.kind) {
    case 'put':
      writer.block(effect.key)
      writer.block(effect.value)
      return
    case 'delete':
      writer.block(effect.key)
      return
    case 'deleteRange':
      writer.block(effect.from)
      writer.uint8(effect.to ? 1 : 0)
      if (effect.to) writer.block(effect.to)
      return
    case 'count':
      writer.text(effect.name)
      writer.uint8(effect.delta < 0 ? 1 : 0)
      writer.varint(Math.abs(effect.delta))
      return
    default:
      effect satisfies never
  }
}

const text = (transactions: readonly Transaction[]) =>
  JSON.stringify(transactions, (_, value) => (value instanceof Uint8Array ? latin1Text(value) : value))

const b = latin1Bytes
const timestampUs = 1_700_000_000_000_000
const ok = b('+OK\r\n')
const examples: readonly (readonly Transaction[])[] = [
  [
    {
      ...{ gateway: 2 ** 44 + 5, sequence: 300, low: 299, timestampUs, reply: ok },
      effects: [
        { kind: 'put', key: b('k'), value: b('v') },
        { kind: 'count', name: 'keys', delta: -1 },
      ],
    },
    {
      ...{ gateway: 2 ** 44 + 5, sequence: 301, low: 299, timestampUs: timestampUs + 200 },
      effects: [],
      reply: undefined,
    },
    {
      ...{ gateway: 9, sequence: 1, low: 1, timestampUs: timestampUs + 201, reply: ok },
      effects: [{ kind: 'delete', key: b('x') }],
    },
    {
      ...{ gateway: 0, sequence: 0, low: 0, timestampUs: timestampUs + 201, reply: b('') },
      effects: [
        { kind: 'deleteRange', from: b('a'), to: b('b') },
        { kind: 'deleteRange', from: b('c'), to: undefined },
      ],
    },
  ],
]

const target: FuzzTarget = {
  name: 'shard-entries',
  family: 'messages',
  refusals: ['DATA_DAMAGED', 'FORMAT_UNKNOWN'],
  inputBytesMax: 1024,
  corpus: () => [
    ...examples.map(write),
    ...examples[0]!.map((transaction) => write([transaction])),
    ...committedCorpus(import.meta.dirname, 'shard-entries'),
  ],
  run(input) {
    const transactions = read(input)
    const lows = new Map<number, number>()
    const isOneLowEach = transactions.every(
      ({ gateway, low }) => (lows.get(gateway) ?? low) === low && lows.set(gateway, low),
    )
    const first = transactions[0]?.timestampUs ?? 0
    // The writer says a gateway's low once, and counts time from the first transaction on.
    if (isOneLowEach && transactions.every((transaction) => transaction.timestampUs >= first)) {
      const again = write(transactions)
      check(transactions.length === 0 || text(read(again)) === text(transactions), 'what is read is written the same')
    }
    return `${bucket(transactions.length)} ${transactions.slice(0, 2).map(({ effects }) => effects[0]?.kind)}`
  },
}

export const targets = [target]
