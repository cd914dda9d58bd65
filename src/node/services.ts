import { redis } from '#datastores/redis/index.ts'
import type { Service } from '#kernel/handles/service.ts'

/** All services that a node can run. */
export const services: readonly Service[] = [redis]
