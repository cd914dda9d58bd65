import { latin1Bytes, latin1Text } from '#kernel/base/bytes.ts'
import type { Evaluation, EvaluatorSpec } from '../evaluation.ts'

const list = latin1Bytes('list')

function listOf(evaluation: Evaluation): string {
  const row = evaluation.get(list)
  return row ? latin1Text(row) : ''
}

/** Reads the row that argument `i` names, if there is one: it may have to be loaded first. */
function lookAt(evaluation: Evaluation, key: Uint8Array | undefined): void {
  if (key && key.length > 0) evaluation.get(key)
}

/**
 * One row that holds the letters of all writes in the order in which they took effect: what a read or a write answers is a prefix of
 * what the row holds in the end, so that every order is visible.
 */
export const listEvaluators = {
  /** `letter [row to look at]`: answers what was there before. */
  append: {
    name: 'append@1',
    kind: 'write',
    run(evaluation, args, reply) {
      lookAt(evaluation, args.count > 1 ? args.slice(1) : undefined)
      const before = listOf(evaluation)
      evaluation.put(list, latin1Bytes(before + args.latin1(0)))
      evaluation.count('letters', 1)
      reply.ascii(`before ${before}`)
    },
  },
  /** `[row to look at]` */
  read: {
    name: 'read@1',
    kind: 'read',
    run(evaluation, args, reply) {
      lookAt(evaluation, args.count > 0 ? args.slice(0) : undefined)
      reply.ascii(`list ${listOf(evaluation)}`)
    },
  },
  /** A read that finds something to change. */
  readThatWrites: {
    name: 'read-that-writes@1',
    kind: 'read',
    run(evaluation, args, reply) {
      const before = listOf(evaluation)
      evaluation.put(list, latin1Bytes(before + args.latin1(0)))
      reply.ascii(`before ${before}`)
    },
  },
  /** A write that finds nothing to change. */
  look: { name: 'look@1', kind: 'write', run: (evaluation, _args, reply) => reply.ascii(`saw ${listOf(evaluation)}`) },
  /** `bytes`: a row and a reply of that size. */
  large: {
    name: 'large@1',
    kind: 'write',
    run(evaluation, args, reply) {
      const bytes = new Uint8Array(Number(args.latin1(0))).fill(0x2e)
      evaluation.put(latin1Bytes('large'), bytes)
      reply.raw(bytes)
    },
  },
  broken: {
    name: 'broken@1',
    kind: 'write',
    run(evaluation) {
      evaluation.put(list, latin1Bytes('nonsense'))
      throw new Error('a bug in an evaluator')
    },
  },
} as const satisfies Record<string, EvaluatorSpec>
