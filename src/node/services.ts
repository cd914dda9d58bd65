import { redis } from '#datastores/redis/index.ts'
import type { Service } from '#kernel/handles/service.ts'
import { kafka } from '#messaging/kafka/index.ts'

/** All services that a node can run. */
export const services: readonly Service[] = [redis, kafka]
