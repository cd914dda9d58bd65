import { testRows } from '../testing/rows.ts'

testRows('sets', {
  'members are added and removed': `
    SADD s a b a                      => 2
    SADD s b c                        => 1
    SCARD s                           => 3
    SISMEMBER s a                     => 1
    SISMEMBER s z                     => 0
    SMISMEMBER s a z c                => [1 0 1]
    SMEMBERS s                        => any order [a b c]
    @3 SMEMBERS s                     => any order {a b c}
    SREM s a z a                      => 1
    SREM s b c                        => 2
    SCARD s                           => 0
    RPUSH s x                         => 1
  `,
  'a key that does not exist is an empty set': `
    SMEMBERS s                        => []
    @3 SMEMBERS s                     => {}
    SMISMEMBER s a                    => [0]
    SREM s a                          => 0
    SPOP s                            => nil
    SPOP s 2                          => []
    SRANDMEMBER s                     => nil
    SRANDMEMBER s 2                   => []
    SSCAN s 0                         => [0 []]
    SINTER s t                        => []
  `,
  'the empty member is a member': `
    SADD s ''                         => 1
    SMEMBERS s                        => ['']
    SPOP s                            => ''
    SCARD s                           => 0
  `,
  'SMOVE moves a member': `
    SADD a x y                        => 2
    SMOVE a b x                       => 1
    SMOVE a b z                       => 0
    SMOVE none b x                    => 0
    SMEMBERS b                        => [x]
    SMOVE a a y                       => 1
    SMOVE a b y                       => 1
    SCARD a                           => 0
    RPUSH l x                         => 1
    SMOVE b l x                       => !WRONGTYPE Operation against a key holding the wrong kind of value
    SMOVE none l x                    => 0
  `,
  'intersection, union and difference': `
    SADD a 1 2 3 4                    => 4
    SADD b 3 4 5                      => 3
    SADD c 4 6                        => 2
    SINTER a b                        => any order [3 4]
    SINTER a b c                      => [4]
    SINTER a none                     => []
    SUNION a b c none                 => any order [1 2 3 4 5 6]
    @3 SUNION c none                  => any order {4 6}
    SDIFF a b c                       => any order [1 2]
    SDIFF a a                         => []
    SDIFF none a                      => []
    SINTERCARD 2 a b                  => 2
    SINTERCARD 2 a b LIMIT 1          => 1
    SINTERCARD 2 a b LIMIT 0          => 2
    SINTERCARD 0 a                    => !ERR numkeys should be greater than 0
    SINTERCARD 3 a b                  => !ERR Number of keys can't be greater than number of args
    SINTERCARD 1 a LIMIT -1           => !ERR LIMIT can't be negative
    SINTERCARD 1 a b                  => !ERR syntax error
  `,
  'results are stored over whatever was there': `
    SADD a 1 2 3                      => 3
    SADD b 2 3 4                      => 3
    RPUSH l x                         => 1
    SINTERSTORE l a b                 => 2
    SMEMBERS l                        => any order [2 3]
    SUNIONSTORE a a b                 => 4
    SCARD a                           => 4
    SDIFFSTORE a b b                  => 0
    SCARD a                           => 0
    RPUSH l2 x                        => 1
    SUNIONSTORE b l2                  => !WRONGTYPE Operation against a key holding the wrong kind of value
    SCARD b                           => 3
  `,
  'SPOP takes all there are at most': `
    SADD s a b c                      => 3
    SPOP s 0                          => []
    SPOP s -1                         => !ERR value is out of range, must be positive
    SPOP s 9                          => any order [a b c]
    SCARD s                           => 0
    SADD s a                          => 1
    @3 SPOP s 1                       => {a}
    SPOP s 1 1                        => !ERR syntax error
  `,
  'SRANDMEMBER with repeats, and without': `
    SADD s a                          => 1
    SRANDMEMBER s                     => a
    SRANDMEMBER s 3                   => [a]
    @3 SRANDMEMBER s 3                => [a]
    SRANDMEMBER s -3                  => [a a a]
    SRANDMEMBER s 1 1                 => !ERR syntax error
    SCARD s                           => 1
  `,
})
