/** What the numbers in messages stand for. */

/** In the place of a time, in ListOffsets. */
export const offsetQuery = {
  latest: -1,
  earliest: -2,
  maxTimestamp: -3,
  earliestLocal: -4,
  latestTiered: -5,
  earliestPendingUpload: -6,
} as const

/** In the place of a replica's id, in Fetch and ListOffsets. */
export const replicaId = { consumer: -1, debugging: -2 } as const

export const isolationLevel = { readUncommitted: 0, readCommitted: 1 } as const

export const coordinatorType = { group: 0, transaction: 1, share: 2 } as const

export const electionType = { preferred: 0, unclean: 1 } as const

/** What has settings. */
export const resourceType = { topic: 2, broker: 4, brokerLogger: 8, clientMetrics: 16, group: 32 } as const

/** In IncrementalAlterConfigs. */
export const configOperation = { set: 0, delete: 1, append: 2, subtract: 3 } as const

/** Where a setting's value comes from. */
export const configSource = {
  unknown: 0,
  topic: 1,
  dynamicBroker: 2,
  dynamicDefaultBroker: 3,
  staticBroker: 4,
  default: 5,
  dynamicBrokerLogger: 6,
  clientMetrics: 7,
  group: 8,
} as const

export const configType = {
  unknown: 0,
  boolean: 1,
  string: 2,
  int: 3,
  short: 4,
  long: 5,
  double: 6,
  list: 7,
  class: 8,
  password: 9,
} as const

/** What somebody may be allowed to do: its number is that of a bit in fields of authorized operations. */
export const operation = {
  read: 3,
  write: 4,
  create: 5,
  delete: 6,
  alter: 7,
  describe: 8,
  clusterAction: 9,
  describeConfigs: 10,
  alterConfigs: 11,
  idempotentWrite: 12,
  createTokens: 13,
  describeTokens: 14,
  twoPhaseCommit: 15,
} as const

/** The field for these operations. */
export function operationBits(...operations: readonly (keyof typeof operation)[]): number {
  return operations.reduce((bits, name) => bits | (1 << operation[name]), 0)
}
