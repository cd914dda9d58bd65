import { concatBytes } from '#kernel/base/bytes.ts'
import { apiList } from '../apis.ts'
import { assignment, subscription } from '../messages/consumer-protocol.ts'
import type { Shape } from '../wire/field.ts'
import type { Message } from '../wire/message.ts'
import { WireWriter } from '../wire/wire-writer.ts'
import type { Value } from './generate.ts'

/** Every message of the table, in both directions, without the types of its fields. */
export const allMessages: readonly Message<Shape>[] = [
  ...apiList.flatMap(({ request, response }) => [request, response]),
  subscription as unknown as Message<Shape>,
  assignment as unknown as Message<Shape>,
]

export function versionsOf({ versions }: Message<Shape>): number[] {
  return Array.from({ length: versions.max - versions.min + 1 }, (_, i) => versions.min + i)
}

export function encoded(message: Message<Shape>, version: number, value: Value): Uint8Array {
  const writer = new WireWriter()
  message.encode(writer, version, value as never)
  return concatBytes(writer.takeParts())
}
