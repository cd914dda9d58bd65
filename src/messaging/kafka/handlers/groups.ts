import { errorCode } from '../protocol/error-codes.ts'
import type { HandlerOf } from './index.ts'

const noBytes = new Uint8Array(0)

export const listGroups: HandlerOf<'ListGroups'> = async ({ statesFilter, typesFilter }, { broker }) => {
  const rows = await broker.groups.list()
  const groups = rows
    .map(({ group, row }) => {
      const active = broker.groups.active(group)
      const groupState = active && active.members.size > 0 ? active.state : 'Empty'
      return { groupId: group, protocolType: row.protocolType, groupState, groupType: 'classic' }
    })
    .filter(({ groupState }) => statesFilter.length === 0 || statesFilter.some((state) => same(state, groupState)))
    .filter(({ groupType }) => typesFilter.length === 0 || typesFilter.some((type) => same(type, groupType)))
  return { errorCode: errorCode.NONE, groups }
}

const same = (a: string, b: string) => a.toLowerCase() === b.toLowerCase()

export const describeGroups: HandlerOf<'DescribeGroups'> = async ({ groups }, { broker, version }) => ({
  groups: await Promise.all(
    groups.map(async (groupId) => {
      const none = { groupId, groupState: '', protocolType: '', protocolData: '', members: [] }
      const group = await broker.groups.group(groupId)
      if (typeof group === 'number') return { ...none, errorCode: group }
      const row = await broker.groups.row(groupId)
      if (!row && group.members.size === 0) {
        const isTold = version >= 6
        return {
          ...{ ...none, groupState: 'Dead', errorCode: isTold ? errorCode.GROUP_ID_NOT_FOUND : errorCode.NONE },
          errorMessage: isTold ? `There is no group "${groupId}"` : null,
        }
      }
      return {
        groupId,
        errorCode: errorCode.NONE,
        groupState: group.members.size === 0 ? 'Empty' : group.state,
        protocolType: row?.protocolType ?? group.protocolType,
        protocolData: group.state === 'Stable' ? (group.protocolName ?? '') : '',
        members: [...group.members.values()].map(
          ({ memberId, instanceId, clientId, clientHost, protocols, assignment }) => ({
            ...{ memberId, groupInstanceId: instanceId, clientId, clientHost, memberAssignment: assignment },
            memberMetadata: protocols.find(({ name }) => name === group.protocolName)?.metadata ?? noBytes,
          }),
        ),
      }
    }),
  ),
})

export const deleteGroups: HandlerOf<'DeleteGroups'> = async ({ groupsNames }, { broker }) => ({
  results: await Promise.all(
    groupsNames.map(async (groupId) => {
      const group = await broker.groups.group(groupId)
      if (typeof group === 'number') return { groupId, errorCode: group }
      if (group.members.size > 0) return { groupId, errorCode: errorCode.NON_EMPTY_GROUP }
      return { groupId, errorCode: await broker.groups.remove(groupId) }
    }),
  ),
})
