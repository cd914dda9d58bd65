import { testRows } from '../testing/rows.ts'

testRows(
  'sorted sets',
  {
    'members are in the order of their scores, then of their bytes': `
    ZADD z 2 b 1 a 1.5 x 2 a2         => 4
    ZRANGE z 0 -1                     => [a x a2 b]
    ZRANGE z 0 -1 WITHSCORES          => [a 1 x 1.5 a2 2 b 2]
    @3 ZRANGE z 0 1 WITHSCORES        => [[a 1.0] [x 1.5]]
    ZRANGE z -2 -1 REV                => [x a]
    ZREVRANGE z 0 1 WITHSCORES        => [b 2 a2 2]
    ZRANGE z 4 9                      => []
    ZCARD z                           => 4
    ZSCORE z x                        => 1.5
    @3 ZSCORE z x                     => 1.5
    ZSCORE z none                     => nil
    ZMSCORE z a none                  => [1 nil]
    ZRANK z a2                        => 2
    ZREVRANK z a2                     => 1
    ZRANK z none                      => nil
  `,
    'scores are doubles, of every size': `
    ZADD z -inf a -1e300 b -1 c -5e-324 d -0 e 5e-324 f 1 g 1e300 h +inf i => 9
    ZRANGE z 0 -1                     => [a b c d e f g h i]
    ZSCORE z b                        => -1.0000000000000001e+300
    ZSCORE z e                        => 0
    ZSCORE z i                        => inf
    ZRANGEBYSCORE z (-inf (0          => [b c d]
    ZRANGEBYSCORE z 0 0               => [e]
    ZCOUNT z -inf +inf                => 9
    ZADD z nan x                      => !ERR value is not a valid float
    ZINCRBY z -inf i                  => !ERR resulting score is not a number (NaN)
    ZADD y 1.1 a                      => 1
    ZINCRBY y 2.2 a                   => 3.3000000000000003
  `,
    'ZADD does what its options say': `
    ZADD z 1 a                        => 1
    ZADD z NX 5 a 5 b                 => 1
    ZADD z XX 6 a 6 c                 => 0
    ZADD z XX CH 7 a 7 c              => 1
    ZADD z GT CH 6 a 8 b              => 1
    ZADD z LT CH 6 a 9 b              => 1
    ZADD z CH 6 a 1 d                 => 1
    ZADD z INCR 2 a                   => 8
    ZADD z NX INCR 2 a                => nil
    ZADD z XX INCR 2 none             => nil
    ZADD none XX INCR 1 a             => nil
    ZRANGE z 0 -1 WITHSCORES          => [d 1 a 8 b 8]
    ZADD z NX XX 1 a                  => !ERR XX and NX options at the same time are not compatible
    ZADD z GT LT 1 a                  => !ERR GT, LT, and/or NX options at the same time are not compatible
    ZADD z INCR 1 a 2 b               => !ERR INCR option supports a single increment-element pair
    ZADD z 1 a 2                      => !ERR syntax error
    ZADD z NX CH                      => !ERR syntax error
    ZADD z 1 a x b                    => !ERR value is not a valid float
    ZSCORE z a                        => 8
  `,
    'ranges by score': `
    ZADD z 1 a 2 b 3 c 4 d            => 4
    ZRANGE z 2 3 BYSCORE              => [b c]
    ZRANGE z (1 (4 BYSCORE            => [b c]
    ZRANGE z 3 2 BYSCORE              => []
    ZRANGE z (2 2 BYSCORE             => []
    ZRANGE z +inf -inf BYSCORE REV    => [d c b a]
    ZRANGE z -inf +inf BYSCORE LIMIT 1 2 => [b c]
    ZRANGE z -inf +inf BYSCORE LIMIT 1 -1 => [b c d]
    ZRANGE z -inf +inf BYSCORE LIMIT -1 2 => []
    ZRANGEBYSCORE z 1 2 WITHSCORES    => [a 1 b 2]
    ZREVRANGEBYSCORE z 3 1 LIMIT 0 2  => [c b]
    ZCOUNT z (1 3                     => 2
    ZCOUNT z x 3                      => !ERR min or max is not a float
    ZRANGE z 0 1 LIMIT 0 1            => !ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX
    ZRANGE z 0 1 BYSCORE BYLEX        => !ERR syntax error
  `,
    'ranges by name': `
    ZADD z 0 a 0 b 0 bb 0 c           => 4
    ZRANGEBYLEX z - +                 => [a b bb c]
    ZRANGEBYLEX z [b (c               => [b bb]
    ZRANGEBYLEX z (b [c               => [bb c]
    ZRANGEBYLEX z + -                 => []
    ZRANGE z [b - BYLEX REV           => [b a]
    ZREVRANGEBYLEX z + [b LIMIT 1 1   => [bb]
    ZLEXCOUNT z [a (bb                => 2
    ZLEXCOUNT z a +                   => !ERR min or max not valid string range item
    ZRANGE z - + BYLEX WITHSCORES     => !ERR syntax error, WITHSCORES not supported in combination with BYLEX
  `,
    'ranges are removed and stored': `
    ZADD z 1 a 2 b 3 c 4 d 5 e        => 5
    ZRANGESTORE y z 1 -2              => 3
    ZRANGE y 0 -1 WITHSCORES          => [b 2 c 3 d 4]
    ZRANGESTORE y z (4 +inf BYSCORE   => 1
    ZREMRANGEBYRANK z 0 0             => 1
    ZREMRANGEBYSCORE z (2 3           => 1
    ZRANGE z 0 -1                     => [b d e]
    ZREMRANGEBYLEX y - +              => 1
    ZCARD y                           => 0
    ZREMRANGEBYRANK z 0 -1            => 3
    RPUSH z x                         => 1
    ZRANGESTORE z none 0 -1           => 0
    RPUSH z x                         => 1
  `,
    'the lowest and the highest are taken': `
    ZADD z 1 a 2 b 3 c 4 d 5 e        => 5
    ZPOPMIN z                         => [a 1]
    @3 ZPOPMIN z                      => [b 2.0]
    ZPOPMAX z 2                       => [e 5 d 4]
    @3 ZPOPMAX z 2                    => [[c 3.0]]
    ZPOPMIN z                         => []
    ZADD y 1 a 2 b 3 c                => 3
    ZMPOP 2 z y MAX COUNT 2           => [y [[c 3] [b 2]]]
    ZMPOP 2 z y MIN                   => [y [[a 1]]]
    ZMPOP 2 z y MIN                   => nil
    ZMPOP 2 z MIN                     => !ERR syntax error
    ZPOPMIN z -1                      => !ERR value is out of range, must be positive
  `,
    'members are removed': `
    ZADD z 1 a 2 b                    => 2
    ZREM z a none                     => 1
    ZREM z b                          => 1
    ZCARD z                           => 0
    SADD z x                          => 1
  `,
    'union, intersection and difference': `
    ZADD a 1 x 2 y                    => 2
    ZADD b 10 y 20 z                  => 2
    SADD s x y                        => 2
    ZUNION 2 a b WITHSCORES           => [x 1 y 12 z 20]
    ZUNION 2 a b WEIGHTS 2 -1 WITHSCORES => [z -20 y -6 x 2]
    ZUNION 2 a b AGGREGATE MAX WITHSCORES => [x 1 y 10 z 20]
    @3 ZINTER 2 a b AGGREGATE MIN WITHSCORES => [[y 2.0]]
    ZINTER 2 a s WITHSCORES           => [x 2 y 3]
    ZDIFF 2 a b WITHSCORES            => [x 1]
    ZDIFF 2 none a                    => []
    ZINTERCARD 2 a s                  => 2
    ZINTERCARD 2 a s LIMIT 1          => 1
    ZUNIONSTORE s 2 a b               => 3
    ZRANGE s 0 -1                     => [x y z]
    ZINTERSTORE a 2 a none            => 0
    ZCARD a                           => 0
    ZADD i inf x                      => 1
    ZADD j -inf x                     => 1
    ZUNION 2 i j WITHSCORES           => [x 0]
    ZUNION 1 i WEIGHTS 0 WITHSCORES   => [x 0]
    ZUNION 0 a                        => !ERR at least 1 input key is needed for 'zunion' command
    ZUNION 3 a b                      => !ERR syntax error
    ZUNION 1 b WEIGHTS x              => !ERR weight value is not a float
    ZDIFF 1 b WEIGHTS 1               => !ERR syntax error
  `,
    'random members': `
    ZADD z 1.5 a                      => 1
    ZRANDMEMBER z                     => a
    ZRANDMEMBER z 2 WITHSCORES        => [a 1.5]
    @3 ZRANDMEMBER z -2 WITHSCORES    => [[a 1.5] [a 1.5]]
    ZRANDMEMBER none                  => nil
    ZSCAN z 0                         => [0 [a 1.5]]
  `,
    'among different scores a range of names ends at the first member beyond it': `
    ZADD z 1 b 2 a 3 c 4 x 5 b2       => 5
    ZRANGEBYLEX z [b [d               => [b a c]
    ZREVRANGEBYLEX z [c [b            => [b2 x c]
    ZLEXCOUNT z [b [d                 => 3
  `,
    'another type is refused': `
    SADD s x                          => 1
    ZADD s 1 a                        => !WRONGTYPE Operation against a key holding the wrong kind of value
    ZADD s x a                        => !ERR value is not a valid float
    ZRANGE s 0 -1                     => !WRONGTYPE Operation against a key holding the wrong kind of value
    RPUSH l x                         => 1
    ZUNION 1 l                        => !WRONGTYPE Operation against a key holding the wrong kind of value
  `,
  },
  {
    'ranks with their scores, as later versions have them': `
    ZADD z 1 a 2.5 b                  => 2
    ZRANK z b WITHSCORE               => [1 2.5]
    ZREVRANK z b WITHSCORE            => [0 2.5]
    @3 ZRANK z b WITHSCORE            => [1 2.5]
    ZRANK z none WITHSCORE            => nil
    ZRANK z b x                       => !ERR syntax error
  `,
  },
)
