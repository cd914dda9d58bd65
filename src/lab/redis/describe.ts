import type { Operation } from '../history.ts'

const shownMax = 60

/** For people: one line about an operation. @param words what was sent. */
export function describeOperation(operation: Operation, words: readonly string[]): string {
  const until = operation.reply === undefined ? '…' : operation.returnMs.toFixed(3)
  const reply = operation.reply === undefined ? 'no reply' : shortened(operation.reply)
  const sent = words.map(shortened).join(' ')
  return `connection ${operation.connection}  ${operation.callMs.toFixed(3)}–${until} ms  ${sent}  →  ${reply}`
}

/** The operation as if no reply had come yet. */
export function withoutReply<Op extends Operation>(operation: Op): Op {
  return {
    ...operation,
    reply: undefined,
    return: Number.POSITIVE_INFINITY,
    returnMs: Number.POSITIVE_INFINITY,
  }
}

export function shortened(text: string): string {
  const shown = text.length <= shownMax ? text : `${text.slice(0, 28)}…${text.slice(-28)} (${text.length} bytes)`
  return JSON.stringify(shown).slice(1, -1)
}
