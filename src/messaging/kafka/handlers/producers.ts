import { errorCode } from '../protocol/error-codes.ts'
import type { HandlerOf } from './index.ts'

/** Always a new producer, whatever it says to have been: one that has lost its place raises its epoch itself (KIP-360). */
export const initProducerId: HandlerOf<'InitProducerId'> = ({ transactionalId }, { broker }) => {
  if (transactionalId !== null) return { errorCode: errorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED, producerEpoch: -1 }
  return { errorCode: errorCode.NONE, producerId: broker.newProducerId(), producerEpoch: 0 }
}
