import type { Mutant } from '../mutant.ts'
import { files } from './files.ts'

/** From a client's connection to the leader and back: routes, retries, replies, bytes between nodes. */
export const gateways: readonly Mutant[] = [
  {
    name: 'gateway-number-comes-again',
    story: 'A restarted gateway has the number of before: its first writes get the answers of the last life’s.',
    edits: [
      {
        file: files.gateway,
        find: 'options.self * 2 ** 44 + options.random.uint32() * 2 ** 12 + options.random.below(2 ** 12)',
        replace: 'options.self * 2 ** 44',
      },
    ],
    report: {
      in: 'Apache Iggy',
      url: 'https://github.com/apache/iggy/pull/3753',
      what: 'In review: client numbers began anew at each start while the table of sessions outlived it.',
    },
  },
  {
    name: 'gateway-does-not-mark-its-retries',
    story: 'A gateway asks again without saying that it asked before.',
    edits: [{ file: files.route, find: 'call.isRetry = call.isBegun\n', replace: 'call.isRetry = false\n' }],
    report: {
      in: 'Fluree',
      url: 'https://github.com/fluree/db/pull/1839',
      what: 'A follower sent a proposal again when the leader’s answer was lost, and it was applied twice.',
    },
  },
  {
    name: 'moved-becomes-refused-on-the-way',
    story: 'That a call may have taken effect is not told to the gateway of another node.',
    edits: [
      {
        file: files.gateway,
        find: "    this.#answer('moved', emptyBytes)\n",
        replace: "    this.#answer('refused', emptyBytes)\n",
      },
    ],
  },
  {
    name: 'refusal-makes-a-call-new',
    story: 'A call that one leader may have done and the next one refused is sent to a third as if it were new.',
    edits: [{ file: files.route, find: '    this.isBegun = this.isRetry\n', replace: '    this.isBegun = false\n' }],
  },
  {
    name: 'calls-sent-again-in-another-order',
    story: 'What waits for a new leader is sent to it with the last call first.',
    edits: [
      {
        file: files.route,
        find: 'for (const call of this.outstanding.values()) {\n      if (call.sentTerm === term) continue\n',
        replace:
          'for (const call of [...this.outstanding.values()].reverse()) {\n      if (call.sentTerm === term) continue\n',
      },
    ],
    report: {
      in: 'go-redis',
      url: 'https://github.com/redis/go-redis/issues/399',
      what: 'Commands of a pipeline to a cluster did not arrive in the order in which they were put into it.',
    },
  },
  {
    name: 'answer-of-an-earlier-attempt',
    story: 'A late answer to an earlier attempt is taken for that to the present one.',
    edits: [
      {
        file: files.route,
        find: 'if (call?.attempt !== attempt || call.sentTerm === 0 || this.#isLost(call)) return',
        replace: 'if (!call || call.sentTerm === 0 || this.#isLost(call)) return',
      },
    ],
  },
  {
    name: 'newer-call-passes-those-that-wait',
    story: 'While earlier calls of its session wait for room or a leader, a newer one is sent ahead.',
    edits: [
      {
        file: files.route,
        find: 'if (this.#isBehind || !this.#send(call)) this.#isBehind = true',
        replace: 'if (!this.#send(call)) this.#isBehind = true',
      },
    ],
  },
  {
    name: 'read-repeated-after-a-later-write',
    story: 'A read whose answer was lost is asked again after a later write of its session, and shows that.',
    edits: [
      {
        file: files.route,
        find: "if (call.evaluator.kind === 'read' && (last.get(call.session) ?? 0) > call.sequence) {",
        replace: 'if (call.sequence < 0) {',
      },
    ],
  },
  {
    name: 'unknown-is-called-not-done',
    story: 'A write that was given up after it was sent is answered as certainly not done, and takes effect later.',
    edits: [
      {
        file: files.route,
        find: "call.failed(call.isBegun && call.evaluator.kind === 'write' ? 'UNKNOWN' : 'UNAVAILABLE')",
        replace: "call.failed('UNAVAILABLE')",
      },
    ],
    report: {
      in: 'RethinkDB',
      url: 'https://github.com/rethinkdb/rethinkdb/issues/4296',
      what: 'Failed writes and those whose outcome was not known were reported by the same kind of error.',
    },
  },
  {
    name: 'fast-reply-passes-earlier-ones',
    story: 'A read that is answered at once is written before the replies of earlier requests of its connection.',
    edits: [
      {
        file: files.redisClient,
        find: '        this.#append(scratch.copy())\n',
        replace: '        order.out().raw(scratch.copy())\n',
      },
    ],
  },
  {
    name: 'lost-reply-is-skipped',
    story:
      'Where a request’s outcome is not known its connection goes on without its reply: the client pairs all later ones wrongly.',
    edits: [
      {
        file: files.replyOrder,
        find: '      if (known.lost) this.lost = true\n      else if (!this.lost && !known.muted) this.#move(known.bytes!)\n',
        replace: '      if (!known.lost && !known.muted) this.#move(known.bytes!)\n',
      },
    ],
    report: {
      in: 'redis-py',
      url: 'https://github.com/redis/redis-py/issues/2624',
      what: 'A command that was broken off left its reply in the connection, and every later request got that of the one before.',
    },
  },
  {
    name: 'receive-buffer-used-again',
    story: 'Bytes from another node are read into memory that entries of the log still lie in.',
    edits: [
      {
        file: files.frameReader,
        find: 'const block = allocateSlow(wanted >= ownBlockBytesMin ? wanted : sharedBlockBytes)',
        replace:
          'const block = wanted <= this.#block.length ? this.#block : allocateSlow(wanted >= ownBlockBytesMin ? wanted : sharedBlockBytes)',
      },
    ],
    report: {
      in: 'hashicorp/raft-wal',
      url: 'https://github.com/hashicorp/raft-wal/pull/17',
      what: 'Entries were slices of a pooled read buffer, and followers were sent what a later read had put there.',
    },
  },
  {
    name: 'expired-key-told-gone-but-kept',
    story: 'A read answers that an expired key is gone and leaves it: under a leader with a slower clock it is back.',
    edits: [
      {
        file: files.keyspace,
        find: '      this.delete(call)\n      call.keepEffects()\n      return false\n',
        replace: '      this.#forget()\n      return false\n',
      },
    ],
    report: {
      in: 'Redis',
      url: 'https://github.com/redis/redis/issues/187',
      what: 'Replicas served keys that had expired, as only the master’s deletion made them go.',
    },
  },
  {
    name: 'newest-version-that-it-knows-itself',
    story:
      'A gateway calls the newest version of a command that its own node runs: nodes of an older program do not know it.',
    edits: [
      {
        file: files.evaluators,
        find: '      for (const other of this.#others) {\n',
        replace: '      for (const other of this.#others.slice(0, 0)) {\n',
      },
    ],
  },
]
