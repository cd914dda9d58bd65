import type { Service, ServiceContext } from '#kernel/handles/service.ts'
import { defineService } from '#kernel/handles/service.ts'
import { Broker } from './broker.ts'
import { KafkaConnection } from './connection.ts'
import { groupEvaluatorSpecs, groupSlots, groupsSpace } from './groups/rows.ts'

/** One per node: a process can hold several. */
const brokers = new WeakMap<ServiceContext, Broker>()

/** Kafka's protocol over the cluster's topics. */
export const kafka: Service = defineService({
  name: 'kafka',
  listeners: [
    {
      protocol: 'kafka',
      defaultPort: 9092,
      open(connection, context) {
        let broker = brokers.get(context)
        if (!broker) brokers.set(context, (broker = new Broker(context)))
        connection.handler = new KafkaConnection(broker, connection)
      },
    },
  ],
  spaces: [{ name: groupsSpace, slotCount: groupSlots }],
  evaluators: groupEvaluatorSpecs,
})
