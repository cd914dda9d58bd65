/** Kafka's error codes: the number on the wire, and whether a client may try the same again. */
export const kafkaErrors = {
  UNKNOWN_SERVER_ERROR: { code: -1, isRetriable: false },
  NONE: { code: 0, isRetriable: false },
  OFFSET_OUT_OF_RANGE: { code: 1, isRetriable: false },
  CORRUPT_MESSAGE: { code: 2, isRetriable: true },
  UNKNOWN_TOPIC_OR_PARTITION: { code: 3, isRetriable: true },
  INVALID_FETCH_SIZE: { code: 4, isRetriable: false },
  LEADER_NOT_AVAILABLE: { code: 5, isRetriable: true },
  NOT_LEADER_OR_FOLLOWER: { code: 6, isRetriable: true },
  REQUEST_TIMED_OUT: { code: 7, isRetriable: true },
  BROKER_NOT_AVAILABLE: { code: 8, isRetriable: false },
  REPLICA_NOT_AVAILABLE: { code: 9, isRetriable: true },
  MESSAGE_TOO_LARGE: { code: 10, isRetriable: false },
  STALE_CONTROLLER_EPOCH: { code: 11, isRetriable: false },
  OFFSET_METADATA_TOO_LARGE: { code: 12, isRetriable: false },
  NETWORK_EXCEPTION: { code: 13, isRetriable: true },
  COORDINATOR_LOAD_IN_PROGRESS: { code: 14, isRetriable: true },
  COORDINATOR_NOT_AVAILABLE: { code: 15, isRetriable: true },
  NOT_COORDINATOR: { code: 16, isRetriable: true },
  INVALID_TOPIC_EXCEPTION: { code: 17, isRetriable: false },
  RECORD_LIST_TOO_LARGE: { code: 18, isRetriable: false },
  NOT_ENOUGH_REPLICAS: { code: 19, isRetriable: true },
  NOT_ENOUGH_REPLICAS_AFTER_APPEND: { code: 20, isRetriable: true },
  INVALID_REQUIRED_ACKS: { code: 21, isRetriable: false },
  ILLEGAL_GENERATION: { code: 22, isRetriable: false },
  INCONSISTENT_GROUP_PROTOCOL: { code: 23, isRetriable: false },
  INVALID_GROUP_ID: { code: 24, isRetriable: false },
  UNKNOWN_MEMBER_ID: { code: 25, isRetriable: false },
  INVALID_SESSION_TIMEOUT: { code: 26, isRetriable: false },
  REBALANCE_IN_PROGRESS: { code: 27, isRetriable: false },
  INVALID_COMMIT_OFFSET_SIZE: { code: 28, isRetriable: false },
  TOPIC_AUTHORIZATION_FAILED: { code: 29, isRetriable: false },
  GROUP_AUTHORIZATION_FAILED: { code: 30, isRetriable: false },
  CLUSTER_AUTHORIZATION_FAILED: { code: 31, isRetriable: false },
  INVALID_TIMESTAMP: { code: 32, isRetriable: false },
  UNSUPPORTED_SASL_MECHANISM: { code: 33, isRetriable: false },
  ILLEGAL_SASL_STATE: { code: 34, isRetriable: false },
  UNSUPPORTED_VERSION: { code: 35, isRetriable: false },
  TOPIC_ALREADY_EXISTS: { code: 36, isRetriable: false },
  INVALID_PARTITIONS: { code: 37, isRetriable: false },
  INVALID_REPLICATION_FACTOR: { code: 38, isRetriable: false },
  INVALID_REPLICA_ASSIGNMENT: { code: 39, isRetriable: false },
  INVALID_CONFIG: { code: 40, isRetriable: false },
  NOT_CONTROLLER: { code: 41, isRetriable: true },
  INVALID_REQUEST: { code: 42, isRetriable: false },
  UNSUPPORTED_FOR_MESSAGE_FORMAT: { code: 43, isRetriable: false },
  POLICY_VIOLATION: { code: 44, isRetriable: false },
  OUT_OF_ORDER_SEQUENCE_NUMBER: { code: 45, isRetriable: false },
  DUPLICATE_SEQUENCE_NUMBER: { code: 46, isRetriable: false },
  INVALID_PRODUCER_EPOCH: { code: 47, isRetriable: false },
  INVALID_TXN_STATE: { code: 48, isRetriable: false },
  INVALID_PRODUCER_ID_MAPPING: { code: 49, isRetriable: false },
  INVALID_TRANSACTION_TIMEOUT: { code: 50, isRetriable: false },
  CONCURRENT_TRANSACTIONS: { code: 51, isRetriable: true },
  TRANSACTION_COORDINATOR_FENCED: { code: 52, isRetriable: false },
  TRANSACTIONAL_ID_AUTHORIZATION_FAILED: { code: 53, isRetriable: false },
  SECURITY_DISABLED: { code: 54, isRetriable: false },
  OPERATION_NOT_ATTEMPTED: { code: 55, isRetriable: false },
  KAFKA_STORAGE_ERROR: { code: 56, isRetriable: true },
  LOG_DIR_NOT_FOUND: { code: 57, isRetriable: false },
  SASL_AUTHENTICATION_FAILED: { code: 58, isRetriable: false },
  UNKNOWN_PRODUCER_ID: { code: 59, isRetriable: false },
  REASSIGNMENT_IN_PROGRESS: { code: 60, isRetriable: false },
  DELEGATION_TOKEN_AUTH_DISABLED: { code: 61, isRetriable: false },
  DELEGATION_TOKEN_NOT_FOUND: { code: 62, isRetriable: false },
  DELEGATION_TOKEN_OWNER_MISMATCH: { code: 63, isRetriable: false },
  DELEGATION_TOKEN_REQUEST_NOT_ALLOWED: { code: 64, isRetriable: false },
  DELEGATION_TOKEN_AUTHORIZATION_FAILED: { code: 65, isRetriable: false },
  DELEGATION_TOKEN_EXPIRED: { code: 66, isRetriable: false },
  INVALID_PRINCIPAL_TYPE: { code: 67, isRetriable: false },
  NON_EMPTY_GROUP: { code: 68, isRetriable: false },
  GROUP_ID_NOT_FOUND: { code: 69, isRetriable: false },
  FETCH_SESSION_ID_NOT_FOUND: { code: 70, isRetriable: true },
  INVALID_FETCH_SESSION_EPOCH: { code: 71, isRetriable: true },
  LISTENER_NOT_FOUND: { code: 72, isRetriable: true },
  TOPIC_DELETION_DISABLED: { code: 73, isRetriable: false },
  FENCED_LEADER_EPOCH: { code: 74, isRetriable: true },
  UNKNOWN_LEADER_EPOCH: { code: 75, isRetriable: true },
  UNSUPPORTED_COMPRESSION_TYPE: { code: 76, isRetriable: false },
  STALE_BROKER_EPOCH: { code: 77, isRetriable: false },
  OFFSET_NOT_AVAILABLE: { code: 78, isRetriable: true },
  MEMBER_ID_REQUIRED: { code: 79, isRetriable: false },
  PREFERRED_LEADER_NOT_AVAILABLE: { code: 80, isRetriable: true },
  GROUP_MAX_SIZE_REACHED: { code: 81, isRetriable: false },
  FENCED_INSTANCE_ID: { code: 82, isRetriable: false },
  ELIGIBLE_LEADERS_NOT_AVAILABLE: { code: 83, isRetriable: true },
  ELECTION_NOT_NEEDED: { code: 84, isRetriable: true },
  NO_REASSIGNMENT_IN_PROGRESS: { code: 85, isRetriable: false },
  GROUP_SUBSCRIBED_TO_TOPIC: { code: 86, isRetriable: false },
  INVALID_RECORD: { code: 87, isRetriable: false },
  UNSTABLE_OFFSET_COMMIT: { code: 88, isRetriable: true },
  THROTTLING_QUOTA_EXCEEDED: { code: 89, isRetriable: true },
  PRODUCER_FENCED: { code: 90, isRetriable: false },
  RESOURCE_NOT_FOUND: { code: 91, isRetriable: false },
  DUPLICATE_RESOURCE: { code: 92, isRetriable: false },
  UNACCEPTABLE_CREDENTIAL: { code: 93, isRetriable: false },
  INCONSISTENT_VOTER_SET: { code: 94, isRetriable: false },
  INVALID_UPDATE_VERSION: { code: 95, isRetriable: false },
  FEATURE_UPDATE_FAILED: { code: 96, isRetriable: false },
  PRINCIPAL_DESERIALIZATION_FAILURE: { code: 97, isRetriable: false },
  SNAPSHOT_NOT_FOUND: { code: 98, isRetriable: false },
  POSITION_OUT_OF_RANGE: { code: 99, isRetriable: false },
  UNKNOWN_TOPIC_ID: { code: 100, isRetriable: true },
  DUPLICATE_BROKER_REGISTRATION: { code: 101, isRetriable: false },
  BROKER_ID_NOT_REGISTERED: { code: 102, isRetriable: false },
  INCONSISTENT_TOPIC_ID: { code: 103, isRetriable: true },
  INCONSISTENT_CLUSTER_ID: { code: 104, isRetriable: false },
  TRANSACTIONAL_ID_NOT_FOUND: { code: 105, isRetriable: false },
  FETCH_SESSION_TOPIC_ID_ERROR: { code: 106, isRetriable: true },
  INELIGIBLE_REPLICA: { code: 107, isRetriable: false },
  NEW_LEADER_ELECTED: { code: 108, isRetriable: false },
  OFFSET_MOVED_TO_TIERED_STORAGE: { code: 109, isRetriable: false },
  FENCED_MEMBER_EPOCH: { code: 110, isRetriable: false },
  UNRELEASED_INSTANCE_ID: { code: 111, isRetriable: false },
  UNSUPPORTED_ASSIGNOR: { code: 112, isRetriable: false },
  STALE_MEMBER_EPOCH: { code: 113, isRetriable: false },
  MISMATCHED_ENDPOINT_TYPE: { code: 114, isRetriable: false },
  UNSUPPORTED_ENDPOINT_TYPE: { code: 115, isRetriable: false },
  UNKNOWN_CONTROLLER_ID: { code: 116, isRetriable: false },
  UNKNOWN_SUBSCRIPTION_ID: { code: 117, isRetriable: false },
  TELEMETRY_TOO_LARGE: { code: 118, isRetriable: false },
  INVALID_REGISTRATION: { code: 119, isRetriable: false },
  TRANSACTION_ABORTABLE: { code: 120, isRetriable: false },
  INVALID_RECORD_STATE: { code: 121, isRetriable: false },
  SHARE_SESSION_NOT_FOUND: { code: 122, isRetriable: true },
  INVALID_SHARE_SESSION_EPOCH: { code: 123, isRetriable: true },
  FENCED_STATE_EPOCH: { code: 124, isRetriable: false },
  INVALID_VOTER_KEY: { code: 125, isRetriable: false },
  DUPLICATE_VOTER: { code: 126, isRetriable: false },
  VOTER_NOT_FOUND: { code: 127, isRetriable: false },
  INVALID_REGULAR_EXPRESSION: { code: 128, isRetriable: false },
  REBOOTSTRAP_REQUIRED: { code: 129, isRetriable: false },
  STREAMS_INVALID_TOPOLOGY: { code: 130, isRetriable: false },
  STREAMS_INVALID_TOPOLOGY_EPOCH: { code: 131, isRetriable: false },
  STREAMS_TOPOLOGY_FENCED: { code: 132, isRetriable: false },
  SHARE_SESSION_LIMIT_REACHED: { code: 133, isRetriable: true },
} as const satisfies Record<string, { readonly code: number; readonly isRetriable: boolean }>

export type KafkaErrorName = keyof typeof kafkaErrors

/** The numbers alone, for responses: `errorCode.NONE`. */
export const errorCode = Object.fromEntries(Object.entries(kafkaErrors).map(([name, { code }]) => [name, code])) as {
  readonly [Name in KafkaErrorName]: (typeof kafkaErrors)[Name]['code']
}

const names = new Map<number, KafkaErrorName>(
  Object.entries(kafkaErrors).map(([name, { code }]) => [code, name as KafkaErrorName]),
)

/** @returns undefined for a code that the table does not have */
export function kafkaErrorName(code: number): KafkaErrorName | undefined {
  return names.get(code)
}

/** What is told to a client as an error of Kafka's. */
export class KafkaError extends Error {
  readonly error: KafkaErrorName

  constructor(error: KafkaErrorName, message: string, options?: { readonly cause?: unknown }) {
    super(message, options)
    this.name = 'KafkaError'
    this.error = error
  }

  get code(): number {
    return kafkaErrors[this.error].code
  }

  get isRetriable(): boolean {
    return kafkaErrors[this.error].isRetriable
  }
}
