import type { Mutant } from '../mutant.ts'
import { files } from './files.ts'

/** What a shard's leader evaluates, answers and remembers. */
export const leader: readonly Mutant[] = [
  {
    name: 'retry-runs-again',
    story: 'A write that is asked again is run again, though it has taken effect before.',
    edits: [{ file: files.leader, find: '    if (call.isRetry && this.#wasDone(call)) return\n', replace: '' }],
    report: {
      in: 'CockroachDB',
      url: 'https://github.com/cockroachdb/cockroach/pull/10703',
      what: 'A command that was proposed again after a change of leaseholders took effect twice: duplicate inserts.',
    },
  },
  {
    name: 'replies-kept-by-the-leader-only',
    story: 'Only the leader remembers which writes have taken effect: the next one runs their retries again.',
    edits: [
      {
        file: files.shardState,
        find: 'if (gateway !== 0) this.replies.record(gateway, sequence, low, timestampUs, reply)',
        replace: 'if (gateway !== 0 && this.#listener) this.replies.record(gateway, sequence, low, timestampUs, reply)',
      },
    ],
  },
  {
    name: 'replies-forgotten-early',
    story: 'Gateways that have written nothing just now are forgotten, with the writes that they may still ask again.',
    edits: [
      {
        file: files.replies,
        find: 'if (known.lastUs < nowUs - this.#retentionUs) this.#gateways.delete(gateway)',
        replace: 'if (known.lastUs < nowUs) this.#gateways.delete(gateway)',
      },
    ],
  },
  {
    name: 'retry-of-a-call-under-way-runs-beside-it',
    story: 'A retry that comes while the first attempt is in flight is evaluated as well.',
    edits: [
      { file: files.leader, find: "known !== undefined && call.evaluator.kind === 'write'", replace: 'known === null' },
    ],
  },
  {
    name: 'moved-is-called-refused',
    story:
      'Writes that were proposed when leadership ended are said not to have begun: they run again, and may take effect twice.',
    edits: [
      {
        file: files.leader,
        find: 'for (const call of moved) this.#newestOf(call).moved()',
        replace: 'for (const call of moved) this.#newestOf(call).refused()',
      },
    ],
    report: {
      in: 'CockroachDB',
      url: 'https://github.com/cockroachdb/cockroach/issues/10602',
      what: 'A reproposed command was answered as not begun (no leaseholder here), while its first proposal was applied.',
    },
  },
  {
    name: 'effects-survive-the-leadership',
    story: 'Effects that were in flight when leadership ended are still seen when this replica leads again.',
    edits: [
      {
        file: files.leader,
        find: '    this.#timestampUs = this.#state.timestampUs\n    this.#overlay.clear()\n',
        replace: '    this.#timestampUs = this.#state.timestampUs\n',
      },
      {
        file: files.leader,
        find: '    this.#entry.take()\n    this.#overlay.clear()\n',
        replace: '    this.#overlay.closeBatch(this.#entry.take())\n',
      },
    ],
  },
  {
    name: 'call-passes-one-that-waits-for-a-block',
    story: 'A call of a session is evaluated before an earlier one that waits for a block of the disk.',
    edits: [
      {
        file: files.leader,
        find: '    if (behind) {\n      behind.push(call)\n      return\n    }\n',
        replace: '',
      },
    ],
  },
  {
    name: 'write-passes-its-sessions-read',
    story: 'A write takes effect before a read of its session that still waits for a round: the read shows the future.',
    edits: [
      {
        file: files.leader,
        find: 'if (call.followsOwn && this.#followsUnconfirmed(call)) {',
        replace: 'if (call.sequence < 0) {',
      },
    ],
  },
  {
    name: 'writes-do-not-see-each-other',
    story: 'A write is evaluated over the committed rows, without those in flight: of two increments one is lost.',
    edits: [
      {
        file: files.overlay,
        find: '    if (this.#records.size > 0) {\n',
        replace: '    if (this.#records.size < 0) {\n',
      },
    ],
  },
  {
    name: 'deletion-in-flight-not-seen',
    story: 'A key whose deletion is in flight is still seen by later writes.',
    edits: [
      {
        file: files.overlay,
        find: 'if (record) return this.#valueOf(record)',
        replace: 'if (record && record.start >= 0) return this.#valueOf(record)',
      },
    ],
  },
  {
    name: 'undone-evaluation-leaves-its-origin',
    story:
      'An evaluation that was undone leaves its gateway’s number in the entry: later writes are booked to another gateway.',
    edits: [
      {
        file: files.entry,
        find: 'for (const gateway of [...this.#origins.keys()].slice(origins)) this.#origins.delete(gateway)',
        replace: '',
      },
    ],
  },
]
