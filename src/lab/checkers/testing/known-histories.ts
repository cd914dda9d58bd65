/** Histories as drawings (`histories.ts`) of which it is known whether they can be. */
export interface KnownHistories {
  readonly good: Readonly<Record<string, string>>
  readonly bad: Readonly<Record<string, string>>
}

/** Of a key that holds a string. */
export const stringHistories: KnownHistories = {
  good: {
    'an empty history': '',
    'a read during a write sees the old or the new value': `
    a  |set 1 → +OK|  |set 2                  → +OK|
    b                   |get → $1|  |get → $2|         |get → $2|`,
    'two concurrent writes end in either order': `
    a  |set 1 → +OK|
    b    |set 2 → +OK|
    c                     |get → $1|`,
    'a write without a reply was done': `
    a  |set 1 → +OK|  |set 2
    b                         |get → $1|  |get → $2|`,
    'a write without a reply was not done': `
    a  |set 1 → +OK|  |set 2
    b                         |get → $1|  |get → $1|`,
    'a write without a reply takes effect long after': `
    a  |set 1
    b         |set 2 → +OK|  |get → $2|  |get → $1|`,
    'a read without a reply says nothing': `
    a  |get
    b  |set 1 → +OK|  |get → $1|`,
    'increments without replies may all, some or none be in the sum': `
    a  |incr
    b  |incr
    c  |incr
    d         |get → $2|  |get → $3|`,
    'pipelined on one connection, in order': `
    a  |set 1                    → +OK|
    a      |set 2                    → +OK|
    b                                        |get → $2|`,
    'pipelined on one connection, the last two without a reply': `
    a  |set 1                    → +OK|
    a      |incr
    a        |incr
    b                                        |get → $2|  |get → $3|`,
    'SET NX succeeds once': `
    a  |setNx a → +OK|
    b    |setNx b → _|   |get → $a|`,
    'SETNX fails because of a write that never replied': `
    a  |set 7
    b         |setnx 8 → :0|  |get → $7|`,
    'append, range and length': `
    a  |append ab → :2|  |setRange 1 xyz → :4|  |getRange 1 2 → $xy|  |strlen → :4|  |getDel → $axyz|  |exists → :0|`,
  },
  bad: {
    'a stale read': `
    a  |set 1 → +OK|  |set 2 → +OK|
    b                                |get → $1|`,
    'a lost write': `
    a  |set 1 → +OK|
    b                 |get → _|`,
    'a value from nowhere': `
    a  |set 1 → +OK|
    b                 |get → $2|`,
    'an increment applied twice': `
    a  |incr → :1|
    b               |get → $2|`,
    'two increments with the same result': `
    a  |incr → :1|
    b    |incr → :1|`,
    'a read of an unfinished write that vanished': `
    a  |set 1 → +OK|  |set 2
    b                         |get → $2|  |get → $1|`,
    'reads that go back in time across connections': `
    a  |set 1 → +OK|  |set 2                         → +OK|
    b                   |get → $2|
    c                               |get → $1|`,
    'a write without a reply that is done twice': `
    a  |set 1
    b         |get → $1|  |set 2 → +OK|  |get → $1|`,
    'an increment without a reply that is done twice': `
    a  |incr
    b         |get → $1|  |get → $2|`,
    'pipelined on one connection, out of order': `
    a  |set 1                    → +OK|
    a      |set 2                    → +OK|
    b                                        |get → $1|`,
    'an append applied twice': `
    a  |append x → :1|
    b                   |get → $xx|`,
    'two SET NX that both succeeded': `
    a  |setNx a → +OK|
    b    |setNx b → +OK|`,
    'a delete that found what was deleted before': `
    a  |set 1 → +OK|  |del → :1|
    b                             |del → :1|`,
    'a SET NX that did nothing though there was no key': `
    a  |setNx a → _|`,
    'a lost update': `
    a  |set 1 → +OK|  |incr → :2|
    b                   |incr → :3|   |get → $2|`,
    'a key back from the dead': `
    a  |set 1 → +OK|  |del → :1|  |get → _|  |get → $1|`,
  },
}

/** Of the keys of a tag. */
export const groupHistories: KnownHistories = {
  good: {
    'a transaction is seen whole': `
    a  |exec set a 1; set b 2                       → *["+OK","+OK"]|
    b           |one mget . a b → *["$1","$2"]|  |one mget . a b → *["$1","$2"]|`,
    'an error within a transaction does not undo the rest': `
    a  |exec rpush c x; incr c; set a 1 → *[":1","-WRONGTYPE Operation against a key holding the wrong kind of value","+OK"]|`,
    'commands on several keys': `
    a  |one msetnx . a 1 b 2 → :1|  |one msetnx . b 3 n 4 → :0|  |one existsAll . a b n → :2|  |one rename . a b → +OK|
    a                                                                                                                    |one mget . a b → *["_","$1"]|  |one renamenx . b b2 → :1|  |one rename . a b → -ERR no such key|  |one delAll . a b b2 → :1|`,
    LMOVE: `
    a  |one rpush c x y → :2|  |one lmove . c d → $x|  |one lmove . c d → $y|  |one lmove . c d → _|  |one lrange d 0 -1 → *["$x","$y"]|`,
    'a watched key did not change': `
    a  |watch a → +OK|                       |exec set a 2 → *["+OK"]|
    b                   |one set b 1 → +OK|`,
    'a watched key changed': `
    a  |watch a b → +OK|                       |exec set a 2 → _|  |exec set a 3 → *["+OK"]|
    b                     |one set b 1 → +OK|`,
    'a watched key was set to what it was: either may be': `
    a  |one set a 1 → +OK|  |watch a → +OK|                       |exec set a 2 → _|
    b                                        |one set a 1 → +OK|`,
    'a watched key was set to what it was, the other answer': `
    a  |one set a 1 → +OK|  |watch a → +OK|                       |exec set a 2 → *["+OK"]|
    b                                        |one set a 1 → +OK|`,
    'an absent key came and went: either may be': `
    a  |watch a → +OK|                                        |exec set a 2 → _|
    b                   |one set a 1 → +OK| |one del a → :1|`,
    'an absent key came and went, the other answer': `
    a  |watch a → +OK|                                        |exec set a 2 → *["+OK"]|
    b                   |one set a 1 → +OK| |one del a → :1|`,
    'UNWATCH and DISCARD end a watch': `
    a  |watch a → +OK|                       |unwatch → +OK| |exec set a 2 → *["+OK"]| |watch a → +OK|                       |discard set a 9 → +OK| |exec get a → *["$3"]|
    b                   |one set a 1 → +OK|                                                            |one set a 3 → +OK|`,
    'its own write does not abort': `
    a  |watch a → +OK| |exec append a x; append a y → *[":1",":2"]|`,
    'a lost write aborts late': `
    a  |watch a → +OK|                  |exec set b 1 → _|
    b  |one set a 1`,
    'keys in different shards: nothing was done': `
    a  |across mset . a 1 → -CROSSSLOT Keys in request don't hash to the same slot|  |one get a → _|`,
    'two transactions without a reply, the first of which ends a watch': `
    a  |watch a → +OK|                       |exec get a
    a                                          |exec set b 2
    b                   |one set a 1 → +OK|                    |one get b → $2|`,
    'two that watch the same: one wins': `
    a  |watch n → +OK| |exec set n 1   → *["+OK"]|
    b  |watch n → +OK|   |exec set n 1 → _|  |one get n → $1|`,
  },
  bad: {
    'a transaction seen in part': `
    a  |exec set a 1; set b 2                       → *["+OK","+OK"]|
    b           |one mget . a b → *["$1","_"]|`,
    'a transaction with another between': `
    a  |exec incr n; incr n → *[":1",":3"]|
    b          |one incr n → :2|`,
    'an MSET done in part': `
    a  |one mset . a 1 b 1
    b                        |one mget . a b → *["$1","_"]|`,
    'a transaction that was aborted and yet done': `
    a  |watch a → +OK|                       |exec set b 2 → _|  |one get b → $2|
    b                   |one set a 1 → +OK|`,
    'a transaction that should have been aborted': `
    a  |watch a → +OK|                       |exec set a 2 → *["+OK"]|
    b                   |one set a 1 → +OK|`,
    'a transaction aborted without a reason': `
    a  |watch a → +OK|                       |exec set a 2 → _|
    b                   |one set b 1 → +OK|`,
    'aborted without a watch': `
    a  |exec set a 2 → _|`,
    'a watch that outlives its EXEC': `
    a  |watch a → +OK| |exec set b 1 → *["+OK"]|                       |exec set b 2 → _|
    b                                             |one set a 1 → +OK|`,
    'a lost update in spite of WATCH': `
    a  |watch n → +OK| |exec set n 1 → *["+OK"]|
    b  |watch n → +OK|   |exec set n 1 → *["+OK"]|`,
    'a transaction without a reply that should have been aborted': `
    a  |watch a → +OK|                       |exec set b 2
    b                   |one set a 1 → +OK|                |one get b → $2|`,
    'a discarded transaction that was done': `
    a  |discard set a 1 → +OK|  |one get a → $1|`,
    'a transaction done twice': `
    a  |exec incr n; rpush c x
    b                           |one llen c → :1|  |one get n → $2|`,
    'a renamed key that is still there': `
    a  |one set a 1 → +OK|  |one rename . a b → +OK|  |one mget . a b → *["$1","$1"]|`,
    'refused as in different shards, and yet done': `
    a  |across mset . a 1 → -CROSSSLOT Keys in request don't hash to the same slot|  |one get a → $1|`,
  },
}
