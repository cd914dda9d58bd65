import { defineApi } from '../wire/api.ts'
import { array, boolean, bytes, int8, int16, int32, string } from '../wire/field.ts'

/** Membership of consumer groups: their coordinator, joining, assignments, liveness. */

export const findCoordinator = defineApi({
  key: 10,
  name: 'FindCoordinator',
  versions: [0, 6],
  flexibleSince: 3,
  request: {
    key: string.until(3).or(''),
    keyType: int8.since(1).or(0),
    coordinatorKeys: array(string).since(4).or([]),
  },
  response: {
    throttleTimeMs: int32.since(1).or(0).ignorable(),
    errorCode: int16.until(3).or(0),
    errorMessage: string.since(1).until(3).nullable().or(null).ignorable(),
    nodeId: int32.until(3).or(0),
    host: string.until(3).or(''),
    port: int32.until(3).or(0),
    coordinators: array({
      key: string,
      nodeId: int32,
      host: string,
      port: int32,
      errorCode: int16,
      errorMessage: string.nullable(),
    })
      .since(4)
      .or([]),
  },
})

export const joinGroup = defineApi({
  key: 11,
  name: 'JoinGroup',
  versions: [0, 9],
  flexibleSince: 6,
  request: {
    groupId: string,
    sessionTimeoutMs: int32,
    rebalanceTimeoutMs: int32.since(1).or(-1).ignorable(),
    memberId: string,
    groupInstanceId: string.since(5).nullable().or(null),
    protocolType: string,
    protocols: array({ name: string, metadata: bytes }),
    reason: string.since(8).nullable().or(null).ignorable(),
  },
  response: {
    throttleTimeMs: int32.since(2).or(0).ignorable(),
    errorCode: int16,
    generationId: int32.or(-1),
    protocolType: string.since(7).nullable().or(null).ignorable(),
    protocolName: string.nullable(7),
    leader: string,
    skipAssignment: boolean.since(9).or(false),
    memberId: string,
    members: array({
      memberId: string,
      groupInstanceId: string.since(5).nullable().or(null).ignorable(),
      metadata: bytes,
    }),
  },
})

export const syncGroup = defineApi({
  key: 14,
  name: 'SyncGroup',
  versions: [0, 5],
  flexibleSince: 4,
  request: {
    groupId: string,
    generationId: int32,
    memberId: string,
    groupInstanceId: string.since(3).nullable().or(null),
    protocolType: string.since(5).nullable().or(null).ignorable(),
    protocolName: string.since(5).nullable().or(null).ignorable(),
    assignments: array({ memberId: string, assignment: bytes }),
  },
  response: {
    throttleTimeMs: int32.since(1).or(0).ignorable(),
    errorCode: int16,
    protocolType: string.since(5).nullable().or(null).ignorable(),
    protocolName: string.since(5).nullable().or(null).ignorable(),
    assignment: bytes,
  },
})

export const heartbeat = defineApi({
  key: 12,
  name: 'Heartbeat',
  versions: [0, 4],
  flexibleSince: 4,
  request: {
    groupId: string,
    generationId: int32,
    memberId: string,
    groupInstanceId: string.since(3).nullable().or(null),
  },
  response: { throttleTimeMs: int32.since(1).or(0).ignorable(), errorCode: int16 },
})

export const leaveGroup = defineApi({
  key: 13,
  name: 'LeaveGroup',
  versions: [0, 5],
  flexibleSince: 4,
  request: {
    groupId: string,
    memberId: string.until(2).or(''),
    members: array({
      memberId: string,
      groupInstanceId: string.nullable().or(null),
      reason: string.since(5).nullable().or(null).ignorable(),
    })
      .since(3)
      .or([]),
  },
  response: {
    throttleTimeMs: int32.since(1).or(0).ignorable(),
    errorCode: int16,
    members: array({ memberId: string, groupInstanceId: string.nullable(), errorCode: int16 }).since(3).or([]),
  },
})
