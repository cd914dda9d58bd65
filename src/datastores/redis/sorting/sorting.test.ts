import { testRows } from '../testing/rows.ts'

testRows('SORT', {
  'numbers are sorted as numbers, and texts by their bytes': `
    RPUSH l 10 9 2.5 -1 9             => 5
    SORT l                            => [-1 2.5 9 9 10]
    SORT l DESC                       => [10 9 9 2.5 -1]
    SORT l ALPHA                      => [-1 10 2.5 9 9]
    SORT l LIMIT 1 2                  => [2.5 9]
    SORT l LIMIT 4 -1                 => [10]
    SORT l LIMIT -1 1                 => [-1]
    SORT l LIMIT 9 1                  => []
    RPUSH l x                         => 6
    SORT l                            => !ERR One or more scores can't be converted into double
    SORT l alpha desc                 => [x 9 9 2.5 10 -1]
    SORT none                         => []
    SORT l STORE                      => !ERR syntax error
    SORT l LIMIT 1                    => !ERR syntax error
    SORT l LIMIT 1 x                  => !ERR value is not an integer or out of range
  `,
  'sets and sorted sets are sorted too': `
    SADD s 3 1 2                      => 3
    SORT s                            => [1 2 3]
    ZADD z 1 c 2 a 3 b                => 3
    SORT z ALPHA                      => [a b c]
    SORT z BY nosort                  => [c a b]
    SORT z BY nosort DESC LIMIT 0 2   => [b a]
    HSET h a 1                        => 1
    SORT h                            => !WRONGTYPE Operation against a key holding the wrong kind of value
    SORT h x                          => !ERR syntax error
  `,
  'BY and GET look at other keys': `
    RPUSH l a b c                     => 3
    SET w_a 3                         => OK
    SET w_b 1                         => OK
    SORT l BY w_*                     => [c b a]
    SORT l BY w_* DESC                => [a b c]
    SET w_c x                         => OK
    SORT l BY w_*                     => !ERR One or more scores can't be converted into double
    SORT l BY w_* ALPHA GET # GET w_* => [b 1 a 3 c x]
    HSET o_a n one                    => 1
    SORT l ALPHA GET o_*->n           => [one nil nil]
    SORT l ALPHA GET o_*-> GET fixed  => [nil nil nil nil nil nil]
    HSET o_b n 1                      => 1
    SORT l ALPHA BY o_*->n            => [c b a]
    SORT l ALPHA BY l*                => [a b c]
  `,
  'STORE makes a list': `
    RPUSH l 3 1 2                     => 3
    SET target x                      => OK
    SORT l STORE target               => 3
    LRANGE target 0 -1                => [1 2 3]
    SORT l GET none_* STORE target    => 3
    LRANGE target 0 -1                => ['' '' '']
    SORT none STORE target            => 0
    LLEN target                       => 0
    SORT l DESC STORE l               => 3
    LRANGE l 0 -1                     => [3 2 1]
    SADD s b a                        => 2
    SORT s BY nosort STORE target     => 2
    LRANGE target 0 -1                => [a b]
    SORT_RO l                         => [1 2 3]
    SORT_RO l STORE target            => !ERR syntax error
  `,
})
