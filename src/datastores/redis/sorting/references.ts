import { latin1Bytes, latin1Text } from '#kernel/base/bytes.ts'
import type { Call } from '../call.ts'
import { Hash } from '../hashes/hash.ts'
import { Key, types } from '../keyspace.ts'

/**
 * What BY and GET name for an element: `weight_*` is the string whose key has the element for `*`, `object_*->name` a field of
 * the hash, `#` the element itself. Texts have one character per byte.
 */
export type Reference =
  | { readonly kind: 'element' }
  | { readonly kind: 'nothing' }
  | { readonly kind: 'key'; readonly before: string; readonly after: string; readonly field: string | undefined }

/** A pattern without `*` names nothing. */
export function parseReference(pattern: string): Reference {
  if (pattern === '#') return { kind: 'element' }
  const star = pattern.indexOf('*')
  if (star < 0) return { kind: 'nothing' }
  const arrow = pattern.indexOf('->', star + 1)
  const hasField = arrow >= 0 && arrow + 2 < pattern.length
  return {
    kind: 'key',
    before: pattern.slice(0, star),
    after: pattern.slice(star + 1, hasField ? arrow : undefined),
    field: hasField ? pattern.slice(arrow + 2) : undefined,
  }
}

const key = new Key()
const hash = new Hash()

/** What `reference` is for `element`; undefined where it is not there, or of another type. */
export function dereference(call: Call, reference: Reference, element: string): string | undefined {
  switch (reference.kind) {
    case 'element':
      return element
    case 'nothing':
      return undefined
    case 'key': {
      const name = latin1Bytes(`${reference.before}${element}${reference.after}`)
      return reference.field === undefined ? stringAt(call, name) : fieldAt(call, name, latin1Bytes(reference.field))
    }
    default:
      return reference satisfies never
  }
}

function stringAt(call: Call, name: Uint8Array): string | undefined {
  if (!key.findName(call, name, 0, name.length) || key.type !== types.string) return undefined
  return latin1Text(key.row, key.body)
}

function fieldAt(call: Call, name: Uint8Array, field: Uint8Array): string | undefined {
  if (!hash.findName(call, name, 0, name.length) || hash.type !== types.hash) return undefined
  const value = call.evaluation.get(hash.memberKey(field, 0, field.length))
  return value && latin1Text(value)
}
