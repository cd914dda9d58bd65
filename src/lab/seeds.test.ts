import { equal } from 'node:assert/strict'
import { test } from 'node:test'
import { runLab } from './index.ts'

/**
 * Seeds that once found something wrong in the node. A change of the code changes what a seed does, so what they found has tests of
 * its own where it lay; here they guard the whole, being known for what they stir up.
 */
const seeds = [
  { seed: 2, found: 'a read that waited for a round was passed by the next write of its session' },
  { seed: 102, found: 'an election that was begun anew before an answer could come never ended' },
  { seed: 1149, found: 'a read that was asked again saw the later write of its session' },
  { seed: 1162, found: 'the same, among three nodes' },
  { seed: 1164, found: 'the same, among five nodes' },
  { seed: 2157, found: 'a stop closed the tables in the middle of a flush' },
  { seed: 5002, found: 'a write that had changed nothing changed something when it was asked again' },
  { seed: 30_162, found: 'an answer of an earlier attempt was taken for that of a later one', scenario: 'partitions' },
  {
    seed: 40_160,
    found: 'the order of calls of one connection changed; which of the mended causes it was is not known',
  },
  { seed: 1143, found: 'a flipped bit in the identity of a node went unnoticed, and it belonged to another cluster' },
  { seed: 5086, found: 'a leader that led before waited for ever for the end of a snapshot that it was sending then' },
  { seed: 100_010, found: 'a clock that was set ahead made a retry be taken for new', drawn: true },
  { seed: 100_206, found: 'a read that was asked again saw more than a later one of its session', drawn: true },
  { seed: 100_368, found: 'a read without a lease waited for a round of the majority for every block', drawn: true },
  { seed: 100_736, found: 'a compaction that had found no room was never tried again, and writes waited', drawn: true },
  { seed: 200_255, found: 'rows that were lost counted as there after another crash', drawn: true },
  { seed: 511_474, found: 'a flipped bit in an identity made it one of a newer format', drawn: true },
  { seed: 502_381, found: 'a node that stopped while it loaded a block called its rows damaged', drawn: true },
  { seed: 7, found: 'a replica had the producers of others, and refused batches as out of order', workload: 'topics' },
  { seed: 180, found: 'a sync missed what was being written, and records were lost without power', workload: 'topics' },
  { seed: 1043, found: 'a new leader sent consumers back behind what is committed', workload: 'topics' },
  { seed: 1163, found: 'a producer began in the middle of its sequence, and lost its order', workload: 'topics' },
  { seed: 8014, found: 'a node stopped for rot that a flush met, and never came back', workload: 'topics' },
  { seed: 201_200, found: 'WATCH of two keys saw them at two moments', drawn: true },
]

for (const { seed, found, scenario, drawn, workload = 'strings' } of seeds) {
  test(`seed ${seed}: ${found}`, async () => {
    const lines: string[] = []
    const output = {
      line: (text: string) => lines.push(text),
      nowMs: () => 0,
      takeRejections: () => [],
      readFile: () => '',
    }
    equal(await runLab({ seed, scenario, workload: drawn ? undefined : workload }, output), 0, lines.join('\n'))
  })
}
