import type { Topics } from '../topics.ts'

/** Of a cluster that has none, and makes none. */
export const noTopics: Topics = {
  all: [],
  find: () => undefined,
  findById: () => undefined,
  create: async () => 'unavailable',
  remove: async () => 'unavailable',
  change: async () => 'unavailable',
}
