import { concatBytes } from '#kernel/base/bytes.ts'
import type { Clock, Connection, ConnectionHandler } from '#kernel/base/host.ts'
import { bucket, check, committedCorpus, cutAnywhere, type FuzzTarget } from '#kernel/base/testing/fuzz/index.ts'
import { BulkInbound } from './bulk/bulk-inbound.ts'
import { BulkOutbound } from './bulk/bulk-outbound.ts'
import type { BulkReader } from './bulk/bulk-types.ts'
import { transportLimits } from './limits.ts'
import type { LinkOwner } from './link.ts'
import { Link } from './link.ts'
import { PeerMessages } from './peer-messages.ts'
import { frameExamples, repairedFrames } from './testing/frame-bytes.ts'
import { newPeerCounters } from './transport-types.ts'
import { TurnEnd } from './turn-end.ts'

/**
 * A peer that has greeted and then sends whatever it likes, to each of the three that listen to one: messages and requests,
 * the receiver of bulk streams, the sender of them. The first byte of an input says to which.
 */
const limits = { ...transportLimits, frameBytesMax: 65_536, servedMax: 4, bulkWindowBytes: 2 << 20 }

/** Time stands still; the end of a turn comes when it is asked for. */
class Turns implements Clock {
  #deferred: (() => void)[] = []
  monotonicMs = () => 1000
  wallMs = () => 1000
  timer = () => ({ cancel: () => {} })
  sleep = () => new Promise<void>(() => {})
  defer(callback: () => void): void {
    this.#deferred.push(callback)
  }
  end(): void {
    for (const callback of this.#deferred.splice(0)) callback()
  }
}

/** Counts what is written, and takes it at once. */
class Sink implements Connection {
  handler: ConnectionHandler = { data() {}, closed() {} }
  readonly peer = 'a peer'
  readonly queuedBytes = 0
  written = 0
  isDestroyed = false
  write(bytes: Uint8Array): void {
    this.written += bytes.length
  }
  pause(): void {}
  resume(): void {}
  end(): void {}
  destroy(): void {
    this.isDestroyed = true
  }
}

interface Fed {
  /** Kinds of what was seen, and how often. */
  readonly kinds: string
  readonly isDamaged: boolean
  /** What was seen of it, to compare. */
  readonly text: string
}

const modes = [feedMessages, feedBulkIn, feedBulkOut] as const

function open(
  connection: Sink,
  owner: LinkOwner,
  purpose: 'messages' | 'bulk',
  direction: 'inbound' | 'outbound',
  clock: Clock,
): Link {
  const counters = newPeerCounters()
  const link = new Link({
    ...{ connection, owner, purpose, direction, version: 1, incarnation: 7, attempt: 1, counters, limits },
    ...{ turnEnd: new TurnEnd(clock), nowMs: 1000 },
  })
  owner.opened(link)
  return link
}

/** @param also what else may have been written to */
function result(connection: Sink, seen: readonly string[], written: number, bytes: number): Fed {
  check(written <= 64_000 + bytes * 64, `${written} bytes are answered to ${bytes}`)
  return {
    kinds: `${bucket(seen.length)} ${[...new Set(seen.map(kindOf))].sort()}`,
    isDamaged: connection.isDestroyed,
    text: `${connection.isDestroyed} ${seen.join('\n')}`,
  }
}

const kindOf = (what: string) => `${what.split(' ')[0]} ${/[A-Z_]{4,}$/.exec(what)?.[0] ?? ''}`

async function feedMessages(chunks: readonly Uint8Array[], bytes: number): Promise<Fed> {
  const clock = new Turns()
  const seen: string[] = []
  const note = (what: string) => void seen.push(what)
  const peer = new PeerMessages(
    2,
    {
      clock,
      limits,
      turnEnd: new TurnEnd(clock),
      messageHandlers: [undefined, (_, body) => note(`message ${body}`)],
      requestHandlers: [
        undefined,
        (request) => {
          note(`request ${request.bytes}`)
          request.reply((writer) => writer.raw(request.bytes))
        },
        (request) => note(`request that waits ${request.bytes}`),
      ],
      deadlinesNeeded: () => {},
      connectedChanged: () => {},
    },
    () => {},
  )
  const [outgoing, incoming] = [new Sink(), new Sink()]
  open(outgoing, peer, 'messages', 'outbound', clock)
  open(incoming, peer, 'messages', 'inbound', clock)
  for (let i = 0; i < 3; i++) {
    const told = {
      replied: (reply: Uint8Array) => note(`replied ${reply}`),
      failed: (error: Error) => note(`failed ${error}`),
    }
    peer.requests.add(told, 2000)
  }
  for (const chunk of chunks) {
    incoming.handler.data(chunk)
    check(peer.served.size <= limits.servedMax, 'no more is served than may be')
  }
  clock.end()
  for (const { handler } of [incoming, outgoing]) handler.closed()
  check(peer.requests.size === 0 && peer.served.size === 0, 'nothing is left of a peer that is gone')
  return result(incoming, seen, outgoing.written, bytes)
}

async function feedBulkIn(chunks: readonly Uint8Array[], bytes: number): Promise<Fed> {
  const clock = new Turns()
  const seen: string[] = []
  const readAll = async (stream: BulkReader) => {
    for (let chunk = await stream.read(); chunk; chunk = await stream.read()) seen.push(`read ${chunk}`)
    seen.push('end')
  }
  const log = {
    info() {},
    warn: (fields: object) => check(false, `a reader failed unexpectedly: ${JSON.stringify(fields)}`),
  }
  const handlers = [undefined, readAll, async (stream: BulkReader) => void (await stream.read()), async () => {}]
  const owner = new BulkInbound({ from: 2, limits, log, handlers })
  const connection = new Sink()
  open(connection, owner, 'bulk', 'inbound', clock)
  for (const chunk of chunks) {
    connection.handler.data(chunk)
    check(owner.streamCount <= limits.bulkStreamsMax, 'no more streams are open than may be')
  }
  clock.end()
  await settled()
  connection.handler.closed()
  await settled()
  check(owner.streamCount === 0, 'nothing is left of a peer that is gone')
  return result(connection, seen, connection.written, bytes)
}

async function feedBulkOut(chunks: readonly Uint8Array[], bytes: number): Promise<Fed> {
  const clock = new Turns()
  const seen: string[] = []
  const connection = new Sink()
  const owner: BulkOutbound = new BulkOutbound({ limits, connect: () => {}, lost: () => {} })
  open(connection, owner, 'bulk', 'outbound', clock)
  const sent = new Uint8Array(5000)
  for (let i = 1; i <= 2; i++) {
    const writer = owner.open(1, new Uint8Array(i))
    writer
      .write(sent)
      .then(() => writer.end())
      .then(
        () => seen.push(`stream ${i} is done`),
        (error) => seen.push(`stream ${i} failed with ${error.code}`),
      )
  }
  for (const chunk of chunks) connection.handler.data(chunk)
  clock.end()
  await settled()
  connection.handler.closed()
  await settled()
  check(owner.streamCount === 0 && seen.length === 2, 'every stream has one outcome')
  return result(connection, seen, connection.written - 2 * sent.length, bytes)
}

/** What waits for a promise goes on, and what waits for that. */
async function settled(): Promise<void> {
  for (let i = 0; i < 12; i++) await undefined
}

const behind = (mode: number, frames: readonly Uint8Array[]) =>
  frames.map((bytes) => concatBytes([Uint8Array.of(mode), bytes]))

const target: FuzzTarget = {
  name: 'transport-peer',
  family: 'transport',
  refusals: [],
  inputBytesMax: 1024,
  corpus: () => [
    ...behind(0, [...frameExamples.messages, concatBytes(frameExamples.messages)]),
    ...behind(1, [...frameExamples.bulkIn, concatBytes(frameExamples.bulkIn)]),
    ...behind(2, [...frameExamples.bulkOut, concatBytes(frameExamples.bulkOut)]),
    ...committedCorpus(import.meta.dirname, 'transport-peer'),
  ],
  async run(input, dice) {
    const mode = (input[0] ?? 0) % modes.length
    const bytes = repairedFrames(input.subarray(1))
    const whole = await modes[mode]!([bytes.slice()], bytes.length)
    const cut = await modes[mode]!(cutAnywhere(bytes, dice), bytes.length)
    check(whole.text === cut.text, 'the same however the stream is cut')
    return `${mode} ${whole.kinds} ${whole.isDamaged}`
  },
}

export const targets = [target]
