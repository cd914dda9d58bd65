import { ByteReader } from '#kernel/base/byte-reader.ts'
import { ByteWriter } from '#kernel/base/byte-writer.ts'
import { UnumError } from '#kernel/base/errors.ts'
import type { Clock, Timer } from '#kernel/base/host.ts'
import { never, type Rarely } from '#kernel/base/rarely.ts'
import type { Log } from '#kernel/handles/service.ts'
import type { SnapshotReceiver } from '#kernel/storage/generations.ts'
import type { LogBoundary } from '#kernel/storage/log/node-log-types.ts'
import type { BulkReader, BulkWriter } from '#kernel/transport/bulk/bulk-types.ts'
import type { ReplicaId } from './configuration.ts'
import type { ConsensusDriver } from './driver.ts'
import type { Group } from './group.ts'
import { decodeSnapshotHead, encodeSnapshotHead, type FileHead } from './snapshot-head.ts'

export interface SnapshotTransferOptions {
  readonly clock: Clock
  /** Sends a request for a snapshot to another node, which gives it to `asked`. */
  readonly ask: (to: number, request: Uint8Array) => void
  readonly driver: ConsensusDriver
  readonly open: (to: number, meta: Uint8Array) => BulkWriter
  readonly log: Log
  readonly rarely?: Rarely
}

/** Bytes read from a file and sent at a time. */
const chunkBytes = 256 << 10

/**
 * Brings a follower that needs more than the log holds the files of a leader's flushed state, over the bulk connection. A stream's
 * meta is the `SnapshotHead`; its bytes are the files, one after the other.
 */
export class SnapshotTransfer {
  readonly #options: SnapshotTransferOptions
  readonly #receiving = new Set<Group>()
  /** `group/replica` that a snapshot is on its way to. */
  readonly #sending = new Set<string>()
  #timer: Timer | undefined

  constructor(options: SnapshotTransferOptions) {
    this.#options = options
  }

  /** Now and then asks the leaders of groups whose state is lost here for a snapshot. */
  start(): void {
    const { clock, driver, ask } = this.#options
    this.#timer = clock.timer(askMs, () => {
      for (const group of driver.groups.values()) {
        if (!group.lacksState || this.#receiving.has(group) || group.raft.leader === 0) continue
        const request = new ByteWriter(8)
        request.varint(group.id)
        ask(group.raft.leader, request.take())
      }
      this.start()
    })
  }

  stop(): void {
    this.#timer?.cancel()
  }

  /** Another replica has asked. @throws UnumError `DATA_DAMAGED` */
  asked(from: ReplicaId, request: Uint8Array): void {
    const group = this.#options.driver.groups.get(new ByteReader(request).varint())
    if (group?.raft.role !== 'leader' || this.#sending.has(`${group.id}/${from}`)) return
    // What was flushed last may end before the other's log begins.
    group.machine.flush().then(() => this.send(group, from))
  }

  /** The driver's `sendSnapshot`. */
  send(group: Group, to: ReplicaId): void {
    const { driver, log } = this.#options
    const { term } = group.raft
    const name = `${group.id}/${to}`
    if (this.#sending.has(name)) return
    const snapshot = group.machine.snapshot()
    this.#sending.add(name)
    const { index } = snapshot.mark
    this.#send(group, to, term, snapshot)
      .then(
        () => true,
        (error) => {
          log.warn(
            { group: group.id, to, error: String(error) },
            'A snapshot could not be sent, it will be tried again',
          )
          // The other side checks every byte: perhaps it was not whole here.
          if (error instanceof UnumError && error.code === 'DATA_DAMAGED') void group.machine.verify()
          return false
        },
      )
      .then((installed) => {
        snapshot.release()
        this.#sending.delete(name)
        // A later leadership of this replica may wait for this one to be over: it was not sent a second time meanwhile.
        group.raft.snapshotFinished(to, index, installed && group.raft.term === term)
        driver.touch(group)
      })
  }

  async #send(
    group: Group,
    to: ReplicaId,
    term: number,
    snapshot: ReturnType<Group['machine']['snapshot']>,
  ): Promise<void> {
    const { mark, files } = snapshot
    if (mark.index === 0) throw new UnumError('UNAVAILABLE', 'Nothing is flushed yet')
    const head = { group: group.id, term, boundary: { index: mark.index, term: mark.term }, files }
    const { open, rarely = never } = this.#options
    const stream = open(to, encodeSnapshotHead(head))
    try {
      for (const { name, bytes } of files) {
        for (let at = 0; at < bytes; at += chunkBytes) {
          if (rarely('snapshot.breakOff')) throw new UnumError('UNAVAILABLE', 'A fault point breaks it off')
          if (group.raft.term !== term) throw new UnumError('UNAVAILABLE', 'This replica does not lead any more')
          await stream.write(await snapshot.read(name, at, Math.min(chunkBytes, bytes - at)))
        }
      }
      await stream.end()
    } catch (error) {
      stream.abort('UNAVAILABLE', String(error))
      throw error
    }
  }

  /** For the transport: takes in one snapshot. Its errors go to the sender. */
  async receive(stream: BulkReader): Promise<void> {
    const { group: id, term, boundary, files } = decodeSnapshotHead(stream.meta)
    const group = this.#options.driver.groups.get(id)
    if (!group || term < group.raft.term || this.#receiving.has(group)) {
      throw new UnumError('UNAVAILABLE', 'This snapshot cannot be taken in now')
    }
    this.#receiving.add(group)
    try {
      const receiver = await group.machine.receive()
      try {
        await receiveFiles(stream, files, receiver)
        if (!this.#isWanted(group, boundary)) {
          await receiver.abandon()
          return
        }
        this.#options.driver.installing(group)
        await receiver.finish()
      } catch (error) {
        if (group.isInstalling) this.#options.driver.notInstalled(group)
        await receiver.abandon()
        throw error
      }
      // Should this fail there is no state left to go on with: the machine has told, and nothing is applied any more.
      this.#options.driver.installed(group, boundary, await group.machine.install())
    } finally {
      this.#receiving.delete(group)
    }
  }

  #isWanted(group: Group, boundary: LogBoundary): boolean {
    if (!group.lacksState) return boundary.index > group.raft.committed
    return boundary.index >= group.raft.log.boundary.index
  }
}

/** How often a lost state is asked for. */
const askMs = 200

/** Cuts the stream into its files. */
async function receiveFiles(stream: BulkReader, files: readonly FileHead[], receiver: SnapshotReceiver): Promise<void> {
  let rest: Uint8Array | undefined
  for (const { name, bytes } of files) {
    let at = 0
    while (at < bytes) {
      rest ??= await stream.read()
      if (!rest) throw new UnumError('DATA_DAMAGED', `A snapshot ends in the middle of ${name}`)
      const part = rest.subarray(0, bytes - at)
      await receiver.write(name, at, part)
      at += part.length
      rest = part.length < rest.length ? rest.subarray(part.length) : undefined
    }
  }
  if (rest || (await stream.read())) throw new UnumError('DATA_DAMAGED', 'A snapshot has more bytes than its files')
}
