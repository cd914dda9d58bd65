import type { Arguments } from '#kernel/base/arguments.ts'
import { ByteWriter } from '#kernel/base/byte-writer.ts'
import { UnumError } from '#kernel/base/errors.ts'
import type { Address, Listener } from '#kernel/base/host.ts'
import { ConsensusDriver } from '#kernel/consensus/driver.ts'
import type { Group } from '#kernel/consensus/group.ts'
import { SnapshotTransfer } from '#kernel/consensus/snapshot-transfer.ts'
import {
  announceArguments,
  announceEvaluator,
  type Catalogue,
  cutSlots,
  directoryEvaluators,
  directoryGroup,
  directorySpace,
  type FirstCatalogue,
  formArguments,
  formEvaluator,
  type ShardRow,
} from '#kernel/directory/catalogue.ts'
import { Directory } from '#kernel/directory/directory.ts'
import type { Service, ServiceContext } from '#kernel/handles/service.ts'
import { ShardGateway } from '#kernel/shards/gateway.ts'
import type { ShardLimits } from '#kernel/shards/shard.ts'
import type { StateDigest } from '#kernel/shards/state-digest.ts'
import { openNodeLog } from '#kernel/storage/log/node-log.ts'
import type { NodeLog } from '#kernel/storage/log/node-log-types.ts'
import { openTransport, type Transport } from '#kernel/transport/index.ts'
import { BackgroundWork } from './background.ts'
import { createClusterView } from './cluster-view.ts'
import { checkIdentity, dataFormat, type Identity, readIdentity, writeIdentity } from './identity.ts'
import type { NodeOptions, NodeSettings, NodeStatus, RunningNode } from './node-types.ts'
import { Partitions } from './partitions.ts'
import { Replicas } from './replicas.ts'
import { nodeStatus } from './status.ts'
import { createTopics } from './topics.ts'

/** One-way messages between nodes. On the wire: never reused. */
const channels = { consensus: 1, calls: 2, answers: 3, snapshots: 4, snapshotRequests: 5 } as const

/**
 * Starts a node and resolves when it serves clients.
 * @throws UnumError `CONFIGURATION_INVALID`, `CLUSTER_MISMATCH`, `FORMAT_UNKNOWN`, `DATA_DAMAGED`, `ADDRESS_IN_USE`, …
 */
export async function startNode(options: NodeOptions): Promise<RunningNode> {
  const node = new Node(options, await identify(options))
  try {
    await node.start()
  } catch (error) {
    await node.stop()
    throw error
  }
  return node
}

/** Whose data is on the disk; on an empty one, of a cluster that is being formed, writes it down first. */
async function identify(options: NodeOptions): Promise<Identity> {
  const { name, members, bootstrap, host } = options
  const at = members.findIndex((member) => member.name === name)
  if (at < 0) throw new UnumError('CONFIGURATION_INVALID', `Cannot start node "${name}": it is none of the members`)
  const found = await readIdentity(host.disk)
  if (found) {
    checkIdentity(found, { clusterId: options.clusterId ?? bootstrap?.clusterId, node: name, nodeId: at + 1 })
    return found
  }
  if (!bootstrap) {
    throw new UnumError(
      'CONFIGURATION_INVALID',
      `Cannot start node "${name}": its disk is empty, though its cluster was formed before; a node that has lost its data cannot come back under the same name`,
    )
  }
  const identity = { format: dataFormat, clusterId: bootstrap.clusterId, node: name, nodeId: at + 1 }
  await writeIdentity(host.disk, identity)
  return identity
}

class Node implements RunningNode {
  readonly name: string
  readonly clusterId: string
  readonly endpoints: Record<string, Address> = {}
  readonly #options: NodeOptions
  readonly #identity: Identity
  readonly #gateway: ShardGateway
  readonly #driver: ConsensusDriver
  readonly #snapshots: SnapshotTransfer
  readonly #background: BackgroundWork[] = []
  readonly #listeners: Listener[] = []
  #transport!: Transport
  #nodeLog: NodeLog | undefined
  #replicas: Replicas | undefined
  #partitions: Partitions | undefined
  #directory!: Directory
  #isStopped = false
  #failure: Error | undefined
  /** What the start waits for: looked at whenever something has changed. */
  #waiters: (() => boolean)[] = []

  constructor(options: NodeOptions, identity: Identity) {
    this.name = options.name
    this.clusterId = identity.clusterId
    this.#options = options
    this.#identity = identity
    const { host, settings } = options
    const link = {
      connected: (to: number) => this.#transport.connected(to),
      begin: (to: number, channel: number) => this.#transport.begin(to, channel),
      beginNotice: (to: number, channel: number) => this.#transport.beginNotice(to, channel),
      finish: (to: number) => this.#transport.finish(to),
    }
    this.#gateway = new ShardGateway({
      clock: host.clock,
      random: host.random.child('gateway'),
      self: identity.nodeId,
      transport: link,
      channels,
      requestHoldMs: settings.requestHoldMs,
      rarely: host.rarely,
    })
    this.#driver = new ConsensusDriver({
      self: identity.nodeId,
      clock: host.clock,
      random: host.random.child('consensus'),
      settings,
      outgoing: {
        begin: (to) => link.begin(to, channels.consensus),
        finish: link.finish,
        flush: () => this.#transport.flush(),
      },
      sendSnapshot: (group, to) => this.#snapshots.send(group, to),
    })
    this.#snapshots = new SnapshotTransfer({
      clock: host.clock,
      ask: (to, request) => {
        const writer = link.begin(to, channels.snapshotRequests)
        if (!writer) return
        writer.raw(request)
        link.finish(to)
      },
      driver: this.#driver,
      open: (to, meta) => this.#transport.openBulk(to, channels.snapshots, meta),
      rarely: host.rarely,
      log: options.log,
    })
  }

  async start(): Promise<void> {
    const { host, members, settings, services, log } = this.#options
    const { nodeId } = this.#identity
    const failed = (error: Error) => void this.#fail(error)
    this.#options.signal?.addEventListener('abort', () => this.#changed())
    const nodeLog = await openNodeLog({
      disk: host.disk,
      clock: host.clock,
      random: host.random.child('log'),
      rarely: host.rarely,
      directory: 'log',
      segmentBytes: settings.logSegmentBytes,
      events: {
        synced: this.#driver.logEvents.synced,
        full: (isFull) => this.#replicas?.logFull(isFull),
        failed,
      },
    })
    this.#nodeLog = nodeLog
    if (!this.#options.bootstrap && nodeLog.recovered.size === 0) {
      throw new UnumError(
        'DATA_DAMAGED',
        `Cannot start node ${this.name}: its log is empty, though its cluster was formed before: votes that it gave are lost, and it may not vote again; the other nodes go on without it`,
      )
    }
    this.#goOn()
    this.#transport = await openTransport({
      clock: host.clock,
      network: host.network,
      random: host.random.child('transport'),
      clusterId: this.clusterId,
      self: { id: nodeId, name: this.name },
      peers: members.map((member, i) => ({ id: i + 1, name: member.name, address: member.peer })),
      listen: members[nodeId - 1]!.peer,
      protocolVersions: this.#options.protocolVersions ?? { min: 1, max: 1 },
      log,
    })
    this.#goOn()
    this.#replicas = new Replicas({
      host,
      driver: this.#driver,
      nodeLog,
      limits: shardLimits(settings),
      blockCacheBytes: settings.blockCacheBytes,
      scrubMs: settings.scrubMs,
      log,
      changed: (group) => {
        this.#gateway.groupChanged(group)
        this.#changed()
      },
      failed,
    })
    this.#driver.start(nodeLog)
    this.#replicas.start()
    this.#snapshots.start()
    this.#gateway.evaluators.add(directoryEvaluators)
    for (const service of services) this.#gateway.evaluators.add(service.evaluators)
    this.#gateway.start()
    this.#connectTransport()
    await this.#openDirectory()
    await this.#openShards(await this.#formedCatalogue())
    await this.#openPartitions()
    await this.#waitForLeaders()
    this.#goOn()
    await this.#openListeners()
    void this.#announce()
  }

  /** @throws UnumError `STOPPED` where the start was broken off; what made the node fail meanwhile */
  #goOn(): void {
    if (this.#failure) throw this.#failure
    if (!this.#isOver) return
    throw new UnumError('STOPPED', `Node ${this.name} was stopped before it was ready`)
  }

  get #isOver(): boolean {
    return this.#isStopped || this.#options.signal?.aborted === true
  }

  #connectTransport(): void {
    const transport = this.#transport
    transport.register(channels.consensus, (from, bytes) => this.#driver.receive(from, bytes))
    transport.register(channels.calls, (from, bytes) => this.#gateway.receiveCall(from, bytes))
    transport.register(channels.answers, (_from, bytes) => this.#gateway.receiveAnswer(bytes))
    transport.onBulk(channels.snapshots, (stream) => this.#snapshots.receive(stream))
    transport.register(channels.snapshotRequests, (from, bytes) => this.#snapshots.asked(from, bytes))
    transport.onPeerChange((peer, connected) => {
      if (connected) this.#driver.reconnected(peer)
      else this.#driver.disconnected(peer)
      this.#gateway.connectedChanged(peer, connected)
      this.#changed()
    })
  }

  // ---- directory and shards ----

  async #openDirectory(): Promise<void> {
    const voters = this.#options.members.map((_, i) => i + 1)
    const { shard, group } = await this.#replicas!.open(directoryGroup, voters, () => void this.#directory?.refresh())
    this.#directory = new Directory(shard, (error) => {
      if (!this.#isStopped) this.#replicas!.damaged(group, error)
    })
    this.#gateway.addShard(directorySpace, [0, 0], shard, group)
    this.#directory.watch(({ nodes }) => {
      this.#gateway.evaluators.others = nodes
        .filter(({ id, evaluators }) => id !== this.#identity.nodeId && Object.keys(evaluators).length > 0)
        .map(({ evaluators }) => evaluators)
      this.#changed()
    })
    await this.#directory.refresh()
    if (this.#identity.nodeId === 1) this.#campaign(group)
  }

  /** Waits until the cluster is formed; the directory's leader forms it, if that was asked for. */
  async #formedCatalogue(): Promise<Catalogue> {
    const { bootstrap } = this.#options
    const { group } = this.#replicas!.get(directoryGroup)!
    let hasAsked = false
    await this.#until(() => {
      if (this.#directory.catalogue) return true
      if (bootstrap && group.raft.isReady && !hasAsked) {
        hasAsked = true
        this.#ask(formEvaluator, formArguments(this.#plan(bootstrap)))
      }
      return false
    })
    this.#goOn()
    return this.#directory.catalogue!
  }

  /** The cluster's first catalogue: every node has a replica of every shard. */
  #plan(bootstrap: { readonly clusterId: string; readonly shards: number }): FirstCatalogue {
    const { members, services } = this.#options
    const ids = members.map((_, i) => i + 1)
    const shards: ShardRow[] = []
    for (const { name, slotCount } of services.flatMap((service) => service.spaces)) {
      for (const [firstSlot, lastSlot] of cutSlots(slotCount, bootstrap.shards)) {
        const first = shards.length % ids.length
        const replicas = [...ids.slice(first), ...ids.slice(0, first)]
        shards.push({ group: directoryGroup + 1 + shards.length, space: name, firstSlot, lastSlot, replicas })
      }
    }
    return {
      clusterId: bootstrap.clusterId,
      nodes: members.map(({ name, zone }, i) => ({ name, id: i + 1, zone, endpoints: {}, evaluators: {} })),
      shards,
    }
  }

  async #openShards(catalogue: Catalogue): Promise<void> {
    const { host, services, log } = this.#options
    for (const row of catalogue.shards) {
      const { shard, group } = await this.#replicas!.open(row.group, row.replicas)
      this.#gateway.addShard(row.space, [row.firstSlot, row.lastSlot], shard, group)
      if (row.replicas[0] === this.#identity.nodeId) this.#campaign(group)
      for (const spec of services.flatMap((service) => service.background ?? [])) {
        if (spec.space !== row.space) continue
        const evaluator = this.#gateway.evaluators.named(spec.evaluator)!
        const work = new BackgroundWork({ clock: host.clock, spec, evaluator, shard, log })
        this.#background.push(work)
        work.start()
      }
    }
  }

  async #openPartitions(): Promise<void> {
    const { host, log, settings } = this.#options
    const partitions = new Partitions({
      host,
      self: this.#identity.nodeId,
      driver: this.#driver,
      nodeLog: this.#nodeLog!,
      log,
      unflushedBytesMax: settings.memoryTableBytes,
      scrubMs: settings.scrubMs,
      campaign: (group) => this.#campaign(group),
      failed: (error) => void this.#fail(error),
    })
    this.#partitions = partitions
    this.#directory.watch(({ topics }) => void partitions.reconcile(topics.values()))
    await partitions.reconcile(this.#directory.catalogue!.topics.values())
  }

  /**
   * A group without a leader at the start needs no random timeout to find one: its first replica asks for votes until somebody
   * leads. They are refused while another may lead.
   */
  #campaign(group: Group): void {
    const { clock } = this.#options.host
    const ask = () => {
      if (this.#isStopped || group.raft.leader !== 0) return
      group.raft.campaign(clock.monotonicMs())
      this.#driver.touch(group)
      clock.timer(campaignMs, ask)
    }
    ask()
  }

  /** Until every shard has a leader, or for a while: clients are held until there is one. */
  async #waitForLeaders(): Promise<void> {
    const { clock } = this.#options.host
    let isOver = false
    const timer = clock.timer(5 * this.#options.settings.electionTimeoutMs, () => {
      isOver = true
      this.#changed()
    })
    await this.#until(() => isOver || [...this.#replicas!].every(({ group }) => group.raft.leader !== 0))
    timer.cancel()
  }

  /** Until `isDone` says so, which is asked after each change, or this node is stopped. */
  #until(isDone: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      this.#waiters.push(() => {
        const isOver = this.#isOver || isDone()
        if (isOver) resolve()
        return isOver
      })
      this.#changed()
    })
  }

  #changed(): void {
    if (this.#waiters.length > 0) this.#waiters = this.#waiters.filter((isOver) => !isOver())
  }

  async #announce(): Promise<void> {
    const endpoints: Record<string, string> = { ...this.#options.advertise }
    for (const [protocol, { host, port }] of Object.entries(this.endpoints)) endpoints[protocol] = `${host}:${port}`
    const { versions } = this.#gateway.evaluators
    this.#ask(announceEvaluator, announceArguments({ name: this.name, endpoints, evaluators: versions }))
  }

  /** A change of the directory; asked again until it is done. */
  #ask(evaluator: string, args: Arguments): void {
    const session = this.#gateway.openSession()
    const ask = () => {
      if (this.#isStopped) return
      session.submit({ space: directorySpace, slot: 0, evaluator, args }, new ByteWriter(64), {
        replied: () => {},
        failed: (reason) => {
          this.#options.log.warn({ evaluator, reason }, 'The directory cannot be changed yet, trying again')
          this.#options.host.clock.timer(retryMs, ask)
        },
      })
    }
    ask()
  }

  // ---- clients ----

  async #openListeners(): Promise<void> {
    const { host, services, listen, settings, log } = this.#options
    const context: ServiceContext = {
      clock: host.clock,
      random: host.random.child('services'),
      gateway: this.#gateway,
      cluster: createClusterView({
        directory: this.#directory,
        clusterId: this.clusterId,
        nodeName: this.name,
        nodeId: this.#identity.nodeId,
        group: (id) => this.#replicas!.get(id)?.group,
        connected: (id) => this.#transport.connected(id),
        facts: () => this.#facts(),
      }),
      topics: createTopics({
        clock: host.clock,
        gateway: this.#gateway,
        directory: this.#directory,
        partitions: this.#partitions!,
      }),
      limits: settings,
      usage: () => host.usage(),
      log,
    }
    for (const { protocol, open } of services.flatMap((service: Service) => service.listeners)) {
      const address = listen[protocol]
      if (!address) continue
      const listener = await host.network.listen(address, (connection) => open(connection, context))
      this.#listeners.push(listener)
      this.endpoints[protocol] = listener.address
    }
  }

  #facts(): Readonly<Record<string, string | number>> {
    return { uptimeMs: Math.floor(this.#options.host.clock.monotonicMs()) }
  }

  status(): NodeStatus {
    return nodeStatus({
      name: this.name,
      clusterId: this.clusterId,
      nodeId: this.#identity.nodeId,
      catalogue: this.#directory?.catalogue,
      replicas: this.#replicas ? [...this.#replicas] : [],
      partitions: this.#partitions ? [...this.#partitions] : [],
      connected: (id) => this.#transport.connected(id),
      logBytes: this.#nodeLog?.bytes ?? 0,
      damages: (this.#replicas?.damages ?? 0) + (this.#partitions?.damages ?? 0),
    })
  }

  async digest(group: number): Promise<StateDigest | undefined> {
    return this.#replicas?.get(group)?.shard.digest() ?? this.#partitions?.get(group)?.digest()
  }

  // ---- the end ----

  async #fail(error: Error): Promise<void> {
    this.#failure ??= error
    this.#options.log.error({ error: String(error) }, `Node ${this.name} stops: ${error.message}`)
    await this.stop()
    this.#options.failed?.(error)
  }

  async stop(): Promise<void> {
    if (this.#isStopped) return
    this.#isStopped = true
    this.#changed()
    for (const listener of this.#listeners) await listener.close()
    for (const work of this.#background) work.stop()
    this.#gateway.stop()
    this.#snapshots.stop()
    this.#driver.stop()
    await this.#transport?.close()
    await this.#nodeLog?.close()
    await this.#replicas?.close()
    await this.#partitions?.close()
  }
}

/** How often the first replica of a group without a leader asks for votes, at the start. */
const campaignMs = 20
const retryMs = 100

function shardLimits(settings: NodeSettings): ShardLimits {
  return {
    proposalsInFlightMax: settings.proposalsInFlightMax,
    proposalPaceMs: settings.proposalPaceMs,
    gatherMsMax: settings.gatherMsMax,
    transactionBytesMax: 12 << 20,
    inFlightBytesMax: 2 * settings.memoryTableBytes,
    unflushedBytesMax: 2 * settings.memoryTableBytes,
    replyBytesMax: 4096,
    missesMax: 4096,
    clockJumpMaxMs: settings.electionTimeoutMs * settings.clockDriftMax,
    reads: settings.reads,
    memoryTableBytes: settings.memoryTableBytes,
    retentionUs: 10 * settings.requestHoldMs * 1000,
  }
}
