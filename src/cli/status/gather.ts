import type { NodeStatus, ShardStatus } from '#node/node-types.ts'
import { Failure } from '../failure.ts'

/** A cluster as its nodes see it, put together. */
export interface ClusterStatus {
  readonly clusterId: string
  readonly nodes: readonly NodeRow[]
  readonly shards: readonly ShardRow[]
}

export interface NodeRow {
  readonly name: string
  readonly zone: string
  /** Its own admin endpoint answered. */
  readonly answers: boolean
  readonly endpoints: Readonly<Record<string, string>>
  /** Undefined where it did not answer. */
  readonly disk: NodeStatus['disk'] | undefined
}

export interface ShardRow {
  readonly group: number
  readonly space: string
  readonly firstSlot: number
  readonly lastSlot: number
  readonly leader: string | undefined
  readonly term: number
  readonly commitIndex: number
  /** Entries that each other replica lacks; undefined where no leader answered. */
  readonly lag: Readonly<Record<string, number>> | undefined
}

/** Asks one node of `admins`, and then all nodes that it names: only a leader knows how far the others lag. */
export async function gatherStatus(admins: readonly string[]): Promise<ClusterStatus> {
  const first = await firstAnswer(admins)
  const others = first.nodes.filter(({ name }) => name !== first.node)
  const answers = await Promise.all(others.map(({ endpoints }) => endpoints.admin && ask(endpoints.admin)))
  const sameCluster = answers.filter((answer) => typeof answer === 'object' && answer.clusterId === first.clusterId)
  return merge(first, [first, ...(sameCluster as NodeStatus[])])
}

/** Nodes as `first` lists them; of each shard what its leader says, else what the replica with the newest term does. */
export function merge(first: NodeStatus, answers: readonly NodeStatus[]): ClusterStatus {
  const byNode = new Map(answers.map((answer) => [answer.node, answer]))
  const nodes = first.nodes.map(({ name, zone, endpoints }) => {
    const answer = byNode.get(name)
    return { name, zone, answers: answer !== undefined, endpoints, disk: answer?.disk }
  })
  const best = new Map<number, ShardStatus>()
  for (const shard of answers.flatMap((answer) => answer.shards)) {
    const known = best.get(shard.group)
    if (known === undefined || isBetter(shard, known)) best.set(shard.group, shard)
  }
  const shards = [...best.values()].map(({ group, space, firstSlot, lastSlot, leader, term, commitIndex, lag }) => ({
    ...{ group, space, firstSlot, lastSlot, leader, term, commitIndex, lag },
  }))
  return { clusterId: first.clusterId, nodes, shards: shards.toSorted((a, b) => a.group - b.group) }
}

function isBetter(a: ShardStatus, b: ShardStatus): boolean {
  if (a.term !== b.term) return a.term > b.term
  return a.role === 'leader' || (b.role !== 'leader' && b.leader === undefined)
}

async function firstAnswer(admins: readonly string[]): Promise<NodeStatus> {
  for (const admin of admins) {
    const answer = await ask(admin)
    if (answer !== undefined) return answer
  }
  const asked = admins.length === 1 ? admins[0] : `${admins[0]} to ${admins.at(-1)}`
  throw new Failure(
    `no node answers at ${asked}: is a cluster running? "unum up" starts one; --at HOST:PORT gives another admin endpoint`,
  )
}

async function ask(admin: string): Promise<NodeStatus | undefined> {
  try {
    const response = await fetch(new URL('/api/status', admin), { signal: AbortSignal.timeout(2000) })
    return response.ok ? ((await response.json()) as NodeStatus) : undefined
  } catch {
    return undefined
  }
}
