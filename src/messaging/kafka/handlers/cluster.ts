import { errorCode } from '../protocol/error-codes.ts'
import type { HandlerOf } from './index.ts'

export const describeCluster: HandlerOf<'DescribeCluster'> = (_request, { broker }) => ({
  errorCode: errorCode.NONE,
  clusterId: broker.context.cluster.clusterId,
  controllerId: broker.nodeId,
  brokers: broker.brokers.map(({ nodeId, host, port, rack }) => ({ brokerId: nodeId, host, port, rack })),
})
