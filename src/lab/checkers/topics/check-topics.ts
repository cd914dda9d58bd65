import type { TopicHistory } from '../../topics/topic-history.ts'
import { checkGroups } from './check-groups.ts'
import { checkRecords } from './check-records.ts'

const shownMax = 6

/** What is wrong with what the clients of topics saw, for people; empty where nothing is. */
export function checkTopics(history: TopicHistory): string[] {
  const found = [...history.anomalies, ...checkRecords(history), ...checkGroups(history)]
  const hidden = found.length - shownMax
  return hidden > 0 ? [...found.slice(0, shownMax), `and ${hidden} more of topics`] : found
}
