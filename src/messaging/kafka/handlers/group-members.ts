import type { Broker } from '../broker.ts'
import type { Caller } from '../connection.ts'
import { refusedJoin, refusedSync } from '../groups/group.ts'
import { errorCode } from '../protocol/error-codes.ts'
import type { HandlerOf } from './index.ts'

/** Bounds that Kafka has for `session.timeout.ms` of members. */
const sessionTimeoutMs = { min: 6_000, max: 1_800_000 } as const

/** Of what a coordinator is asked for: a group's, or that of a transactional producer, which there is none of yet. */
const groupKey = 0

export const findCoordinator: HandlerOf<'FindCoordinator'> = (
  { key, keyType, coordinatorKeys },
  { broker, version },
) => {
  const find = (key: string) => {
    const none = { key, nodeId: -1, host: '', port: -1 }
    if (keyType !== groupKey) {
      return { ...none, errorCode: errorCode.COORDINATOR_NOT_AVAILABLE, errorMessage: 'Transactions are not there yet' }
    }
    if (key === '') return { ...none, errorCode: errorCode.INVALID_GROUP_ID, errorMessage: null }
    const name = broker.groups.coordinatorOf(key)
    const found = broker.brokers.find(({ nodeId }) => nodeId === broker.idOf(name))
    if (!found) return { ...none, errorCode: errorCode.COORDINATOR_NOT_AVAILABLE, errorMessage: null }
    const { nodeId, host, port } = found
    return { key, nodeId, host, port, errorCode: errorCode.NONE, errorMessage: null }
  }
  if (version >= 4) return { coordinators: coordinatorKeys.map(find) }
  const { key: _, errorMessage, ...found } = find(key)
  return version === 0 ? found : { ...found, errorMessage }
}

export const joinGroup: HandlerOf<'JoinGroup'> = async (request, { broker, version, clientId, peer }) => {
  const { groupId, memberId, groupInstanceId: instanceId } = request
  // What the request's bytes hold is the host's again as soon as anything is waited for.
  const protocols = request.protocols.map(({ name, metadata }) => ({ name, metadata: metadata.slice() }))
  const refused = (code: number) => joinBody(refusedJoin(code, memberId), version)
  if (groupId === '') return refused(errorCode.INVALID_GROUP_ID)
  if (request.sessionTimeoutMs < sessionTimeoutMs.min || request.sessionTimeoutMs > sessionTimeoutMs.max) {
    return refused(errorCode.INVALID_SESSION_TIMEOUT)
  }
  const group = await broker.groups.group(groupId)
  if (typeof group === 'number') return refused(group)
  const join = {
    ...{ memberId, instanceId, clientId: clientId ?? '', clientHost: `/${peer.slice(0, peer.lastIndexOf(':'))}` },
    ...{ sessionTimeoutMs: request.sessionTimeoutMs, protocolType: request.protocolType, protocols },
    canSkipAssignment: version >= 9,
    rebalanceTimeoutMs: request.rebalanceTimeoutMs < 0 ? request.sessionTimeoutMs : request.rebalanceTimeoutMs,
  }
  return new Promise((resolve) => group.join(join, version >= 4, (answer) => resolve(joinBody(answer, version))))
}

function joinBody(answer: ReturnType<typeof refusedJoin>, version: number) {
  const { generation, protocolName, protocolType, leader, memberId } = answer
  return {
    errorCode: answer.errorCode,
    generationId: generation,
    protocolType,
    protocolName: version >= 7 ? protocolName : (protocolName ?? ''),
    leader,
    skipAssignment: answer.skipAssignment,
    memberId,
    members: answer.members.map(({ memberId, instanceId, metadata }) => ({
      memberId,
      groupInstanceId: instanceId,
      metadata,
    })),
  }
}

export const syncGroup: HandlerOf<'SyncGroup'> = async (request, { broker }) => {
  const assignments = request.assignments.map(({ memberId, assignment }) => ({
    memberId,
    assignment: assignment.slice(),
  }))
  const { groupId, memberId, generationId, groupInstanceId, protocolType, protocolName } = request
  const group = await broker.groups.group(groupId)
  if (typeof group === 'number') return refusedSync(group)
  const isOther =
    (protocolType !== null && group.protocolType !== protocolType) ||
    (protocolName !== null && group.protocolName !== protocolName)
  if (isOther && group.members.has(memberId)) return refusedSync(errorCode.INCONSISTENT_GROUP_PROTOCOL)
  return new Promise((resolve) => group.sync(memberId, generationId, groupInstanceId, assignments, resolve))
}

/** The group, if its coordinator is here; a number: why not. */
async function groupOf(broker: Broker, groupId: string) {
  return groupId === '' ? errorCode.INVALID_GROUP_ID : broker.groups.group(groupId)
}

export const heartbeat: HandlerOf<'Heartbeat'> = async (request, { broker }) => {
  const group = await groupOf(broker, request.groupId)
  if (typeof group === 'number') return { errorCode: group }
  return { errorCode: group.heartbeat(request.memberId, request.generationId, request.groupInstanceId) }
}

export const leaveGroup: HandlerOf<'LeaveGroup'> = async (
  { groupId, memberId, members },
  { broker, version }: Caller,
) => {
  const group = await groupOf(broker, groupId)
  if (typeof group === 'number') return { errorCode: group }
  if (version < 3) return { errorCode: group.leave(memberId, null) }
  return {
    errorCode: errorCode.NONE,
    members: members.map(({ memberId, groupInstanceId }) => ({
      ...{ memberId, groupInstanceId, errorCode: group.leave(memberId, groupInstanceId) },
    })),
  }
}
