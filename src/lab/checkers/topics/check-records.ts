import type { FinalRead, PartitionName, SeenBatch, SentBatch, TopicHistory } from '../../topics/topic-history.ts'

/** A sent batch where it is at the end. */
interface Occurrence {
  readonly sent: SentBatch
  readonly baseOffset: number
}

/**
 * Holds the records of a history to what producers and consumers rely on:
 *
 * 1. At the end offsets have no holes, and every batch is one that was sent to its partition, whole: of an idempotent producer once,
 *    of another no more often than it was sent.
 * 2. An acknowledged batch is where it was acknowledged to be.
 * 3. Batches of an idempotent producer are in the order of their numbers, and none is missing before one that is there.
 * 4. What was sent after something else was acknowledged comes after it.
 * 5. What a consumer has seen is the same at the end, and so is what is read twice.
 *
 * @returns what is wrong, for people
 */
export function checkRecords({ sent, reads, finals }: TopicHistory): string[] {
  const violations: string[] = []
  const known = new Map(sent.map((batch) => [batch.values[0]!, batch]))
  for (const final of finals) {
    const { partition, when } = final
    const wrong = (text: string) => violations.push(`${partition} ${when}: ${text}`)
    const occurrences = placed(final, known, wrong)
    const own = sent.filter((batch) => batch.partition === partition)
    const due = own.filter(({ acknowledged }) => acknowledged && acknowledged.ms <= final.calledMs)
    checkAcknowledged(due, occurrences, wrong)
    checkTimes(occurrences, own, wrong)
    checkOrder(occurrences, wrong)
  }
  const atEnd = new Map<PartitionName, FinalRead>()
  for (const final of finals) {
    const before = atEnd.get(final.partition)
    if (!before || final.endOffset >= before.endOffset) atEnd.set(final.partition, final)
  }
  const finalBatches = new Map([...atEnd].map(([partition, { batches }]) => [partition, byOffset(batches)]))
  const seen = [...reads, ...finals.map((final) => ({ ...final, consumer: final.when }))]
  for (const { partition, batches, consumer, calledMs } of seen) {
    const end = atEnd.get(partition)
    if (!end) continue
    for (const batch of batches) {
      const found = finalBatches.get(partition)!.get(batch.baseOffset)
      const isLater = calledMs > end.calledMs && batch.baseOffset >= end.endOffset
      if (found?.digest === batch.digest || isLater) continue
      const now = found ? `there is ${described(found)}` : 'nothing is there'
      violations.push(`${partition}: ${consumer} saw ${described(batch)} at ${batch.baseOffset}, at the end ${now}`)
    }
  }
  return violations
}

function byOffset(batches: readonly SeenBatch[]): ReadonlyMap<number, SeenBatch> {
  return new Map(batches.map((batch) => [batch.baseOffset, batch]))
}

function described({ values, digest }: SeenBatch): string {
  return `${values.length} records from ${shown(values[0])} (${digest.toString(16)})`
}

function shown(value: string | undefined): string {
  return value === undefined ? 'none' : `"${value.slice(0, 30)}"`
}

function placed(final: FinalRead, known: ReadonlyMap<string, SentBatch>, wrong: (text: string) => void): Occurrence[] {
  const occurrences: Occurrence[] = []
  const times = new Map<SentBatch, number>()
  let offset = final.startOffset
  for (const { baseOffset, values } of final.batches) {
    if (baseOffset !== offset) wrong(`offset ${offset} is missing: a batch begins at ${baseOffset}`)
    offset = baseOffset + values.length
    const sent = known.get(values[0] ?? '')
    if (!sent || sent.partition !== final.partition || sent.values.join() !== values.join()) {
      wrong(`at ${baseOffset} are ${values.length} records from ${shown(values[0])} that nobody sent so to it`)
      continue
    }
    times.set(sent, (times.get(sent) ?? 0) + 1)
    occurrences.push({ sent, baseOffset })
  }
  if (offset !== final.endOffset) wrong(`it ends at ${offset}, and was said to end at ${final.endOffset}`)
  for (const [{ producer, number, isIdempotent, attempts }, count] of times) {
    if (count > (isIdempotent ? 1 : attempts)) {
      const kind = isIdempotent ? 'of an idempotent producer' : `sent ${attempts} times`
      wrong(`batch ${producer}.${number}, ${kind}, is there ${count} times`)
    }
  }
  return occurrences
}

function checkAcknowledged(
  own: readonly SentBatch[],
  occurrences: readonly Occurrence[],
  wrong: (text: string) => void,
): void {
  const at = new Map(occurrences.map(({ sent, baseOffset }) => [baseOffset, sent]))
  for (const batch of own) {
    const { acknowledged, producer, number } = batch
    if (!acknowledged || at.get(acknowledged.offset) === batch) continue
    const there = occurrences.filter(({ sent }) => sent === batch).map(({ baseOffset }) => baseOffset)
    const place = there.length === 0 ? 'it is not there' : `it is at ${there.join(', ')}`
    wrong(`batch ${producer}.${number} was acknowledged at ${acknowledged.offset}, and ${place}`)
  }
}

/** From the end on: nothing stands before what was acknowledged before it was sent. */
function checkTimes(
  occurrences: readonly Occurrence[],
  own: readonly SentBatch[],
  wrong: (text: string) => void,
): void {
  const acknowledged = new Map(own.flatMap((batch) => (batch.acknowledged ? [[batch.acknowledged.offset, batch]] : [])))
  let earliest: SentBatch | undefined
  for (const { sent, baseOffset } of occurrences.toReversed()) {
    if (earliest && earliest.acknowledged!.ms < sent.sentMs) {
      const { producer, number, acknowledged } = earliest
      wrong(
        `batch ${sent.producer}.${sent.number} is at ${baseOffset}, before ${producer}.${number} at ${acknowledged!.offset}, which was acknowledged before it was sent`,
      )
      return
    }
    const here = acknowledged.get(baseOffset) as SentBatch | undefined
    if (here && (!earliest || here.acknowledged!.ms < earliest.acknowledged!.ms)) earliest = here
  }
}

function checkOrder(occurrences: readonly Occurrence[], wrong: (text: string) => void): void {
  const next = new Map<number, number>()
  for (const { sent, baseOffset } of occurrences) {
    const { producer, number, isIdempotent } = sent
    if (!isIdempotent) continue
    const due = next.get(producer) ?? 0
    if (number !== due) wrong(`batch ${producer}.${number} is at ${baseOffset}, where ${producer}.${due} was due`)
    next.set(producer, number + 1)
  }
}
