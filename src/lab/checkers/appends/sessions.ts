import type { Anomaly, Transaction } from './transaction.ts'

/**
 * What each connection alone may rely on, in the order in which it asks: its reads of a list never get shorter (monotonic reads), and
 * show what it has appended itself (read your writes). Weaker than what `checkAppends` demands, found by other means, and told in
 * plainer words.
 *
 * @param transactions in the order of their calls.
 */
export function checkSessions(transactions: readonly Transaction[]): readonly Anomaly[] {
  const anomalies: Anomaly[] = []
  /** By connection and key: the least length that the next read may have. */
  const least = new Map<string, { readonly length: number; readonly by: Transaction; readonly wrote: boolean }>()
  for (const transaction of transactions) {
    if (transaction.outcome !== 'done') continue
    for (const action of transaction.actions) {
      const session = `${transaction.connection} ${action.key}`
      const known = least.get(session)
      const length = action.kind === 'read' ? action.elements?.length : action.length
      if (length === undefined) continue
      if (known !== undefined && length < known.length) {
        anomalies.push({
          name: known.wrote ? 'own append not read' : 'reads that are not monotonic',
          explanation: [
            `connection ${transaction.connection} knew of ${known.length} elements of ${action.key} and then of ${length}`,
            known.by.describe(),
            transaction.describe(),
          ],
        })
      }
      least.set(session, { length, by: transaction, wrote: action.kind === 'append' })
    }
  }
  return anomalies
}
