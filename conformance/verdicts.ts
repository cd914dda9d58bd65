/** What one run of a suite said: for each test that ran, `undefined` if it passed, else why it failed. */
export type Verdicts = ReadonlyMap<string, string | undefined>

/** A test that passes on Redis and not here. */
export interface Difference {
  readonly test: string
  readonly kind: string
  readonly reason: string
}

export interface Comparison {
  /** Tests that pass on Redis: the others say nothing about this server. */
  readonly counted: number
  readonly passed: number
  readonly differences: readonly Difference[]
}

/**
 * Reads lines of `pass|fail|skip TAB test TAB reason`, the form in which every suite reports. Skipped tests are left out;
 * a test that is reported several times failed if it ever did.
 */
export function parseVerdicts(text: string): Verdicts {
  const verdicts = new Map<string, string | undefined>()
  for (const line of text.split('\n')) {
    const [verdict, test, reason] = line.split('\t')
    if (!test || verdict === 'skip') continue
    if (verdict === 'fail') verdicts.set(test, reason || 'no reason given')
    else if (verdict === 'pass' && !verdicts.has(test)) verdicts.set(test, undefined)
  }
  return verdicts
}

/** Compares a run against this server with one against Redis: a test missing from the run counts as failed. */
export function compare(redis: Verdicts, ours: Verdicts): Comparison {
  const counted = [...redis].filter(([, failure]) => failure === undefined).map(([test]) => test)
  const differences = counted.flatMap((test): Difference[] => {
    const reason = ours.has(test) ? ours.get(test) : 'the test did not end'
    return reason === undefined ? [] : [{ test, kind: kindOf(test, reason), reason }]
  })
  return { counted: counted.length, passed: counted.length - differences.length, differences }
}

/**
 * What a difference comes from, by what the test's reason says, or by the test's name where the reason only follows from
 * something earlier. The first that matches names it; what matches none has to be looked at.
 */
const kinds: readonly (readonly [RegExp, (match: RegExpMatchArray) => string])[] = [
  [/unknown command \W*([a-z]\w*)/i, (match) => `not built: ${match[1]!.toUpperCase()}`],
  [
    /unknown subcommand \W*([a-z][\w-]*)\W+Try (\w+)/i,
    (match) => `not built: ${match[2]!.toUpperCase()} ${match[1]!.toUpperCase()}`,
  ],
  [/slowlog/i, () => 'not built: SLOWLOG'],
  [/DB index is out of range/i, () => 'one database'],
  [/CONFIG SET/i, () => 'CONFIG SET is refused'],
  [/DEBUG command not allowed/i, () => 'DEBUG is refused'],
  [/invalid username-password|WRONGPASS/i, () => 'no users and passwords (ACL, requirepass)'],
  [/pub_?sub|_in_pubsub/i, () => 'not built: SUBSCRIBE and the like'],
  [/test_streams::/, () => 'not built: streams'],
  [/even_when_blocking|timeout_leaves_usable/, () => 'not built: blocking commands'],
  [/resp3_pushes/, () => 'not built: CLIENT TRACKING'],
  [
    /test_nice_hash_api|ExampleInts|should HKeys|should HVals/,
    () => 'order: Redis keeps small hashes as inserted and small sets of integers sorted',
  ],
  [/should Info cpu/, () => 'INFO has no sections cpu and memory'],
  [/should (Command|filter commands)/, () => 'COMMAND LIST is shorter: what is not built is not in it'],
  [/should CommandGetKeys|test_command_getkeys/i, () => 'not built: EVAL'],
  [/should Save$/, () => 'not built: SAVE'],
  [/fail module loadex/, () => 'not built: MODULE'],
  [/Conn TxPipeline/, () => 'not built: SWAPDB'],
  [/should Wait$/, () => 'WAIT counts replicas: there are some here'],
  [/keys should Object$/, () => 'CONFIG SET is refused'],
  [/config_get_multi_params/, () => 'CONFIG GET is shorter: what is not there is not in it'],
  [/block_on_all_panics/, () => 'of the suite alone: it uses no server'],
  [/TestLatency/, () => 'not built: LATENCY'],
  [/Example_zpop/, () => 'not built: EVALSHA'],
  [/readonly_invalid_cluster_state/, () => 'READONLY is accepted: cluster commands are served'],
  [/test_command_list/, () => 'COMMAND LIST is shorter: what is not built is not in it'],
]

function kindOf(test: string, reason: string): string {
  for (const text of [reason, test]) {
    for (const [pattern, name] of kinds) {
      const match = text.match(pattern)
      if (match) return name(match)
    }
  }
  return 'to be looked at'
}
