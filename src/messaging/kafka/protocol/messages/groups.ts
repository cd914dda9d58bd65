import { defineApi } from '../wire/api.ts'
import { array, boolean, bytes, int16, int32, string } from '../wire/field.ts'

/** Consumer groups as administrators see them. */

/** What stands for authorized operations that were not asked for. */
const noOperations = -2_147_483_648

export const listGroups = defineApi({
  key: 16,
  name: 'ListGroups',
  versions: [0, 5],
  flexibleSince: 3,
  request: { statesFilter: array(string).since(4).or([]), typesFilter: array(string).since(5).or([]) },
  response: {
    throttleTimeMs: int32.since(1).or(0).ignorable(),
    errorCode: int16,
    groups: array({
      groupId: string,
      protocolType: string,
      groupState: string.since(4).ignorable(),
      groupType: string.since(5).ignorable(),
    }),
  },
})

export const describeGroups = defineApi({
  key: 15,
  name: 'DescribeGroups',
  versions: [0, 6],
  flexibleSince: 5,
  request: { groups: array(string), includeAuthorizedOperations: boolean.since(3).or(false) },
  response: {
    throttleTimeMs: int32.since(1).or(0).ignorable(),
    groups: array({
      errorCode: int16,
      errorMessage: string.since(6).nullable().or(null),
      groupId: string,
      groupState: string,
      protocolType: string,
      protocolData: string,
      members: array({
        memberId: string,
        groupInstanceId: string.since(4).nullable().or(null).ignorable(),
        clientId: string,
        clientHost: string,
        memberMetadata: bytes,
        memberAssignment: bytes,
      }),
      authorizedOperations: int32.since(3).or(noOperations),
    }),
  },
})

export const deleteGroups = defineApi({
  key: 42,
  name: 'DeleteGroups',
  versions: [0, 2],
  flexibleSince: 2,
  request: { groupsNames: array(string) },
  response: { throttleTimeMs: int32.or(0), results: array({ groupId: string, errorCode: int16 }) },
})
