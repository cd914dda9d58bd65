import { testRows } from '../testing/rows.ts'

testRows(
  'hashes',
  {
    'fields are set, read and removed': `
    HSET h a 1 b 2                    => 2
    HSET h a 3 c 4                    => 1
    HGET h a                          => 3
    HGET h z                          => nil
    @3 HGET h z                       => nil
    HMGET h a z c                     => [3 nil 4]
    HGETALL h                         => any order [a 3 b 2 c 4]
    @3 HGETALL h                      => any order {a 3 b 2 c 4}
    HKEYS h                           => any order [a b c]
    HVALS h                           => any order [2 3 4]
    HLEN h                            => 3
    HEXISTS h a                       => 1
    HEXISTS h z                       => 0
    HSTRLEN h a                       => 1
    HSTRLEN h z                       => 0
    HDEL h a z a                      => 1
    HDEL h b c                        => 2
    HLEN h                            => 0
  `,
    'a hash without fields does not exist': `
    HSET h a 1                        => 1
    HDEL h a                          => 1
    RPUSH h x                         => 1
  `,
    'a key that does not exist is an empty hash': `
    HGET h a                          => nil
    HMGET h a b                       => [nil nil]
    HGETALL h                         => []
    @3 HGETALL h                      => {}
    HKEYS h                           => []
    HDEL h a                          => 0
    HLEN h                            => 0
    HSCAN h 0                         => [0 []]
    HRANDFIELD h                      => nil
    HRANDFIELD h 3                    => []
  `,
    'empty fields and values are fields and values': `
    HSET h '' ''                      => 1
    HGET h ''                         => ''
    HGETALL h                         => ['' '']
    HSTRLEN h ''                      => 0
    HEXISTS h ''                      => 1
  `,
    'HSETNX sets only new fields': `
    HSETNX h a 1                      => 1
    HSETNX h a 2                      => 0
    HGET h a                          => 1
  `,
    'HINCRBY counts in int64': `
    HINCRBY h a 5                     => 5
    HINCRBY h a -7                    => -2
    HSET h a 9223372036854775806      => 0
    HINCRBY h a 1                     => 9223372036854775807
    HINCRBY h a 1                     => !ERR increment or decrement would overflow
    HINCRBY h a -9007199254740993     => 9214364837600034814
    HSET h a x                        => 0
    HINCRBY h a 1                     => !ERR hash value is not an integer
    HINCRBY h a 1.5                   => !ERR value is not an integer or out of range
    HGET h a                          => x
  `,
    'HINCRBYFLOAT counts in long doubles': `
    HINCRBYFLOAT h a 0.1              => 0.1
    HINCRBYFLOAT h a 0.2              => 0.3
    HINCRBYFLOAT h a 5.0e3            => 5000.29999999999999982
    HINCRBYFLOAT h a inf              => !ERR value is NaN or Infinity
    HINCRBYFLOAT h a nan              => !ERR value is not a valid float
    HSET h a x                        => 0
    HINCRBYFLOAT h a 1                => !ERR hash value is not a float
    HSET h a inf                      => 0
    HINCRBYFLOAT h a 1                => !ERR increment would produce NaN or Infinity
  `,
    'pairs must be whole': `
    HSET h a                          => !ERR wrong number of arguments for 'hset' command
    HSET h a 1 b                      => !ERR wrong number of arguments for 'hset' command
    HMSET h a 1 b                     => !ERR wrong number of arguments for 'hmset' command
    HMSET h a 1 b 2                   => OK
  `,
    'another type is refused': `
    RPUSH l x                         => 1
    HSET l a 1                        => !WRONGTYPE Operation against a key holding the wrong kind of value
    HGETALL l                         => !WRONGTYPE Operation against a key holding the wrong kind of value
    HINCRBY l a x                     => !ERR value is not an integer or out of range
    HINCRBY l a 1                     => !WRONGTYPE Operation against a key holding the wrong kind of value
    HSCAN l x                         => !ERR invalid cursor
    HSCAN l 0                         => !WRONGTYPE Operation against a key holding the wrong kind of value
  `,
    'HSCAN matches fields': `
    HSET h apple 1 banana 2           => 2
    HSCAN h 0 MATCH a*                => [0 [apple 1]]
    HSCAN h 0 match *z COUNT 5        => [0 []]
    HSCAN h 0 COUNT 0                 => !ERR syntax error
    HSCAN h 0 COUNT x                 => !ERR value is not an integer or out of range
    HSCAN h 0 MATCH                   => !ERR syntax error
    HSCAN h x                         => !ERR invalid cursor
  `,
    'HRANDFIELD with repeats, and without': `
    HSET h a 1                        => 1
    HRANDFIELD h                      => a
    HRANDFIELD h 5                    => [a]
    HRANDFIELD h -3                   => [a a a]
    HRANDFIELD h -2 WITHVALUES        => [a 1 a 1]
    @3 HRANDFIELD h -2 WITHVALUES     => [[a 1] [a 1]]
    HRANDFIELD h 0                    => []
    HRANDFIELD h x                    => !ERR value is not an integer or out of range
    HRANDFIELD h 1 x                  => !ERR syntax error
  `,
  },
  {
    'HRANDFIELD draws a bounded number of times': `
    HRANDFIELD h -1048577             => !ERR value is out of range
  `,
  },
)
