import { testRows } from '../testing/rows.ts'

testRows('lists', {
  'elements are pushed and popped at both ends': `
    RPUSH l a b c                     => 3
    LPUSH l x y                       => 5
    LRANGE l 0 -1                     => [y x a b c]
    LPOP l                            => y
    RPOP l                            => c
    LLEN l                            => 3
    LPOP l 2                          => [x a]
    RPOP l 9                          => [b]
    LLEN l                            => 0
    LPOP l                            => nil
    LPOP l 2                          => nil
    SADD l a                          => 1
  `,
  'RPOP takes several from the tail inwards': `
    RPUSH l a b c d                   => 4
    RPOP l 3                          => [d c b]
    RPOP l 0                          => []
    RPOP l -1                         => !ERR value is out of range, must be positive
    RPOP l x                          => !ERR value is out of range, must be positive
    RPOP l 1 1                        => !ERR wrong number of arguments for 'rpop' command
    LRANGE l 0 -1                     => [a]
  `,
  'LPUSHX and RPUSHX need a list': `
    LPUSHX l a                        => 0
    RPUSHX l a                        => 0
    RPUSH l m                         => 1
    LPUSHX l a b                      => 3
    RPUSHX l z                        => 4
    LRANGE l 0 -1                     => [b a m z]
  `,
  'ranges are cut to the list': `
    RPUSH l a b c d                   => 4
    LRANGE l 1 2                      => [b c]
    LRANGE l -3 -2                    => [b c]
    LRANGE l -100 100                 => [a b c d]
    LRANGE l 2 1                      => []
    LRANGE l 4 9                      => []
    LRANGE none 0 -1                  => []
    LRANGE l a 1                      => !ERR value is not an integer or out of range
  `,
  'LINDEX and LSET count from both ends': `
    RPUSH l a b c                     => 3
    LINDEX l 0                        => a
    LINDEX l -1                       => c
    LINDEX l 3                        => nil
    LINDEX l -4                       => nil
    LSET l 1 B                        => OK
    LSET l -1 C                       => OK
    LSET l 3 x                        => !ERR index out of range
    LSET none 0 x                     => !ERR no such key
    LRANGE l 0 -1                     => [a B C]
  `,
  'LTRIM keeps a range': `
    RPUSH l a b c d e                 => 5
    LTRIM l 1 -2                      => OK
    LRANGE l 0 -1                     => [b c d]
    LTRIM l 5 9                       => OK
    LLEN l                            => 0
    LTRIM l 0 1                       => OK
  `,
  'LINSERT moves the shorter side': `
    RPUSH l a b c d e                 => 5
    LINSERT l BEFORE b 1              => 6
    LINSERT l AFTER d 2               => 7
    LINSERT l BEFORE a 3              => 8
    LINSERT l after e 4               => 9
    LRANGE l 0 -1                     => [3 a 1 b c d 2 e 4]
    LINSERT l BEFORE z 5              => -1
    LINSERT none BEFORE a 5           => 0
    LINSERT l AT a 5                  => !ERR syntax error
  `,
  'LREM removes from either end, or all': `
    RPUSH l a b a c a d a             => 7
    LREM l 1 a                        => 1
    LRANGE l 0 -1                     => [b a c a d a]
    LREM l -2 a                       => 2
    LRANGE l 0 -1                     => [b a c d]
    LREM l 0 z                        => 0
    RPUSH l b b                       => 6
    LREM l 0 b                        => 3
    LRANGE l 0 -1                     => [a c d]
    LREM l -9 a                       => 1
    LREM l 9 d                        => 1
    LREM l 0 c                        => 1
    LLEN l                            => 0
  `,
  'LPOS finds indexes': `
    RPUSH l a b c 1 2 3 c c           => 8
    LPOS l c                          => 2
    LPOS l z                          => nil
    LPOS l c RANK 2                   => 6
    LPOS l c RANK -1                  => 7
    LPOS l c COUNT 2                  => [2 6]
    LPOS l c COUNT 0                  => [2 6 7]
    LPOS l c RANK -2 COUNT 0          => [6 2]
    LPOS l c COUNT 0 MAXLEN 3         => [2]
    LPOS l z COUNT 1                  => []
    LPOS none z COUNT 1               => []
    LPOS none z                       => nil
    LPOS l c RANK 0                   => !ERR RANK can't be zero: use 1 to start from the first match, 2 from the second ... or use negative to start from the end of the list
    LPOS l c COUNT -1                 => !ERR COUNT can't be negative
    LPOS l c MAXLEN -1                => !ERR MAXLEN can't be negative
    LPOS l c RANK                     => !ERR syntax error
  `,
  'elements move between lists, and round one': `
    RPUSH a 1 2 3                     => 3
    RPOPLPUSH a b                     => 3
    LMOVE a b LEFT RIGHT              => 1
    LRANGE b 0 -1                     => [3 1]
    LMOVE b b LEFT RIGHT              => 3
    LRANGE b 0 -1                     => [1 3]
    RPOPLPUSH a a                     => 2
    LMOVE a b RIGHT LEFT              => 2
    LRANGE b 0 -1                     => [2 1 3]
    RPOPLPUSH a b                     => nil
    LMOVE a b UP LEFT                 => !ERR syntax error
    SADD s x                          => 1
    LMOVE b s LEFT LEFT               => !WRONGTYPE Operation against a key holding the wrong kind of value
    LRANGE b 0 -1                     => [2 1 3]
  `,
  'LMPOP takes from the first list that has some': `
    RPUSH b 1 2 3                     => 3
    LMPOP 2 a b LEFT                  => [b [1]]
    LMPOP 2 a b RIGHT COUNT 9         => [b [3 2]]
    LMPOP 2 a b LEFT                  => nil
    LMPOP 0 a LEFT                    => !ERR numkeys should be greater than 0
    LMPOP 2 a LEFT                    => !ERR syntax error
    LMPOP 1 a LEFT COUNT 0            => !ERR count should be greater than 0
    LMPOP 1 a LEFT COUNT              => !ERR syntax error
    LMPOP 1 a MIDDLE                  => !ERR syntax error
  `,
  'another type is refused': `
    SADD s x                          => 1
    LPUSH s a                         => !WRONGTYPE Operation against a key holding the wrong kind of value
    LLEN s                            => !WRONGTYPE Operation against a key holding the wrong kind of value
    LINDEX s x                        => !WRONGTYPE Operation against a key holding the wrong kind of value
    LPOP s x                          => !ERR value is out of range, must be positive
  `,
})
