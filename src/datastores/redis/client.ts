import type { ReplyTarget } from './reply.ts'

/** What connection commands may use of their connection. */
export interface Client extends ReplyTarget {
  /** For CLIENT ID: unique in the node. */
  readonly id: number
}
