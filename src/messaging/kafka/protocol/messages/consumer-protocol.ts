import type { Decoded, Encodable, Shape } from '../wire/field.ts'
import { array, bytes, int32, string } from '../wire/field.ts'
import { Message } from '../wire/message.ts'
import { damaged, WireReader } from '../wire/wire-reader.ts'
import { WireWriter } from '../wire/wire-writer.ts'

/**
 * What consumers say to one another through their coordinator: opaque to it, but for the topics that a group is subscribed to.
 * Each begins with its version as an int16. Later versions only add fields at the end, so what is newer than known is read
 * as the newest known one.
 */
const versions = { min: 0, max: 3 }

export const subscription = new Message({
  name: 'consumer subscription',
  versions,
  flexibleSince: undefined,
  shape: {
    topics: array(string),
    userData: bytes.nullable().or(null),
    ownedPartitions: array({ topic: string, partitions: array(int32) })
      .since(1)
      .or([])
      .ignorable(),
    generationId: int32.since(2).or(-1).ignorable(),
    rackId: string.since(3).nullable().or(null).ignorable(),
  },
})

export const assignment = new Message({
  name: 'consumer assignment',
  versions,
  flexibleSince: undefined,
  shape: {
    assignedPartitions: array({ topic: string, partitions: array(int32) }),
    userData: bytes.nullable().or(null),
  },
})

/** @throws UnumError `DATA_DAMAGED`: what a member says need not be of this protocol */
export function decodeVersioned<S extends Shape>(message: Message<S>, bytes: Uint8Array): Decoded<S> {
  const reader = new WireReader(bytes)
  const version = reader.int16()
  if (version < versions.min) throw damaged(`A ${message.name} has version ${version}`)
  return message.decode(reader, Math.min(version, versions.max))
}

/** In the newest version that is known, unless another is given. */
export function encodeVersioned<S extends Shape>(
  message: Message<S>,
  value: Encodable<S>,
  version: number = versions.max,
): Uint8Array {
  const writer = new WireWriter()
  writer.uint16Be(version)
  message.encode(writer, version, value)
  return writer.take()
}
