export type { BulkHandler, BulkReader, BulkWriter } from './bulk/bulk-types.ts'
export type { TransportLimits } from './limits.ts'
export { transportLimits } from './limits.ts'
export type { Transport } from './transport.ts'
export { openTransport } from './transport.ts'
export type {
  IncomingRequest,
  MessageHandler,
  NodeId,
  OutgoingRequest,
  Peer,
  PeerCounters,
  PeerStatus,
  ProtocolVersions,
  RequestCallbacks,
  RequestHandler,
  RequestOptions,
  StrangerCounters,
  TransportLog,
  TransportOptions,
} from './transport-types.ts'
