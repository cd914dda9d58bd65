import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createMemoryHost, MemoryDisk } from '#host/memory/index.ts'
import { UnumError } from '#kernel/base/errors.ts'
import type { BulkWriter } from '#kernel/transport/bulk/bulk-types.ts'
import type { ConsensusDriver } from './driver.ts'
import type { Group } from './group.ts'
import { SnapshotTransfer } from './snapshot-transfer.ts'

/** Where a group's leader sends snapshots that hang until the test ends them. */
function hangingTransfer() {
  const streams: { readonly end: (error?: Error) => void }[] = []
  const finished: (readonly [to: number, index: number, installed: boolean])[] = []
  let verified = 0
  const raft = { term: 1, snapshotFinished: (...told: [number, number, boolean]) => void finished.push(told) }
  const snapshot = {
    mark: { index: 10, term: 1, meta: new Uint8Array(0) },
    files: [{ name: 'file', bytes: 1 }],
    read: async () => new Uint8Array(1),
    release: () => {},
  }
  const machine = { snapshot: () => snapshot, verify: async () => void verified++ }
  const group = { id: 2, raft, machine } as unknown as Group
  const transfer = new SnapshotTransfer({
    clock: createMemoryHost({ disk: new MemoryDisk() }).clock,
    ask: () => {},
    driver: { groups: new Map([[2, group]]), touch: () => {} } as unknown as ConsensusDriver,
    open: (): BulkWriter => {
      const { promise, resolve, reject } = Promise.withResolvers<void>()
      streams.push({ end: (error) => (error ? reject(error) : resolve()) })
      return { write: () => promise, end: async () => {}, abort: () => {} }
    },
    log: { info() {}, warn() {}, error() {} },
  })
  const settle = () => new Promise((resolve) => setImmediate(resolve))
  return { transfer, group, raft, streams, finished, settle, verified: () => verified }
}

test('a snapshot that is under way is not sent twice, and its end is told once', async () => {
  const { transfer, group, streams, finished, settle } = hangingTransfer()
  transfer.send(group, 3)
  transfer.send(group, 3)
  await settle()
  assert.equal(streams.length, 1)
  streams[0]!.end()
  await settle()
  assert.deepEqual(finished, [[3, 10, true]])
})

test('a later leadership is told when the snapshot of the one before is over: as one that did not arrive', async () => {
  const { transfer, group, raft, streams, finished, settle } = hangingTransfer()
  transfer.send(group, 3)
  raft.term = 2
  transfer.send(group, 3)
  await settle()
  assert.equal(streams.length, 1)
  streams[0]!.end(new UnumError('CONNECTION_FAILED', 'Lost'))
  await settle()
  assert.deepEqual(finished, [[3, 10, false]])
  transfer.send(group, 3)
  await settle()
  assert.equal(streams.length, 2)
})

test('where the other side finds damage the own files are looked at', async () => {
  const { transfer, group, streams, verified, settle } = hangingTransfer()
  transfer.send(group, 3)
  await settle()
  streams[0]!.end(new UnumError('DATA_DAMAGED', 'A checksum is wrong'))
  await settle()
  assert.equal(verified(), 1)
})
