const consensus = 'src/kernel/consensus'
const log = 'src/kernel/storage/log'
const tables = 'src/kernel/storage/tables'
const shards = 'src/kernel/shards'

/** The files that mutants change. */
export const files = {
  raft: `${consensus}/raft.ts`,
  raftLog: `${consensus}/raft-log.ts`,
  election: `${consensus}/election.ts`,
  replication: `${consensus}/replication.ts`,
  quorum: `${consensus}/quorum.ts`,
  driver: `${consensus}/driver.ts`,
  snapshotTransfer: `${consensus}/snapshot-transfer.ts`,
  nodeLog: `${log}/node-log.ts`,
  batchQueue: `${log}/batch-queue.ts`,
  batchEncoder: `${log}/batch-encoder.ts`,
  logFormat: `${log}/format.ts`,
  segmentFiles: `${log}/segment-files.ts`,
  segmentReader: `${log}/segment-reader.ts`,
  lsmTree: `${tables}/lsm-tree.ts`,
  merge: `${tables}/merge.ts`,
  compaction: `${tables}/compaction.ts`,
  version: `${tables}/version.ts`,
  manifest: `${tables}/manifest.ts`,
  treeFiles: `${tables}/tree-files.ts`,
  treeStore: `${tables}/tree-store.ts`,
  tableFile: `${tables}/table-file.ts`,
  tableFormat: `${tables}/table-format.ts`,
  tableWriter: `${tables}/table-writer.ts`,
  installSnapshot: `${tables}/install-snapshot.ts`,
  shard: `${shards}/shard.ts`,
  shardState: `${shards}/shard-state.ts`,
  leader: `${shards}/leader.ts`,
  overlay: `${shards}/overlay.ts`,
  entry: `${shards}/entry.ts`,
  replies: `${shards}/replies.ts`,
  route: `${shards}/route.ts`,
  gateway: `${shards}/gateway.ts`,
  frameReader: 'src/kernel/transport/frame-reader.ts',
  redisClient: 'src/datastores/redis/connection/client.ts',
  replyOrder: 'src/datastores/redis/connection/reply-order.ts',
  keyspace: 'src/datastores/redis/keyspace.ts',
} as const
