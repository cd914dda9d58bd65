import { topicLimitDefaults } from '#kernel/logs/topic-limits.ts'
import type { configType } from './protocol/enumerations.ts'

/** A setting of topics, as Kafka 4 has it. */
export interface TopicSetting {
  readonly type: keyof typeof configType
  readonly default: string
  /** For people. */
  readonly about: string
  /** @returns what is wrong with a value; undefined: nothing */
  readonly check: (value: string) => string | undefined
  /** Known, and without any effect here. */
  readonly isIdle?: true
}

const whole =
  (min: number, max = 2 ** 63) =>
  (value: string) => {
    const number = Number(value)
    if (/^-?\d{1,19}$/.test(value) && number >= min && number <= max) return undefined
    return `"${value}" is no whole number from ${min} to ${max}`
  }
const int = (min: number) => whole(min, 2 ** 31 - 1)
const fraction = (value: string) => {
  const number = Number(value)
  return value.trim() !== '' && number >= 0 && number <= 1 ? undefined : `"${value}" is no number from 0 to 1`
}
const oneOf =
  (...values: readonly string[]) =>
  (value: string) =>
    values.includes(value) ? undefined : `"${value}" is none of ${values.join(', ')}`
const flag = oneOf('true', 'false')
const anything = () => undefined

const only =
  (value: string, why: string) =>
  (given: string): string | undefined =>
    given === value ? undefined : `"${given}" ${why}`

type Row = Omit<TopicSetting, 'default'> & { readonly default: string | number | boolean }

const rows: Readonly<Record<string, Row>> = {
  'cleanup.policy': {
    type: 'list',
    default: 'delete',
    check: only('delete', 'is not there yet: only "delete" is'),
    about: 'What becomes of old segments.',
  },
  'compression.type': {
    type: 'string',
    default: 'producer',
    check: only('producer', 'is not there yet: batches stay as producers compressed them'),
    about: 'How batches are compressed.',
  },
  'max.message.bytes': {
    type: 'int',
    default: 1_048_588,
    check: int(0),
    about: 'The largest batch that is taken.',
  },
  'message.timestamp.type': {
    type: 'string',
    default: 'CreateTime',
    check: oneOf('CreateTime', 'LogAppendTime'),
    about: 'Whether records keep the time that their producer gave them, or get that of the broker.',
  },
  'retention.bytes': {
    type: 'long',
    default: topicLimitDefaults['retention.bytes'],
    check: whole(-1),
    about: 'The oldest segments of a partition go where it has more. -1: never for its size.',
  },
  'retention.ms': {
    type: 'long',
    default: topicLimitDefaults['retention.ms'],
    check: whole(-1),
    about: 'Segments go when all their records are older. -1: never for their age.',
  },
  'segment.bytes': {
    type: 'int',
    default: topicLimitDefaults['segment.bytes'],
    check: int(14),
    about: 'How large a segment becomes.',
  },
  'segment.ms': {
    type: 'long',
    default: topicLimitDefaults['segment.ms'],
    check: whole(1),
    about: 'How old a segment becomes, also where it is not full.',
  },
  'min.insync.replicas': idle('int', 1, int(1), 'A record is acknowledged when a majority of all replicas has it.'),
  'compression.gzip.level': idle('int', -1, whole(-1, 9), 'Batches are not compressed here.'),
  'compression.lz4.level': idle('int', 9, whole(1, 17), 'Batches are not compressed here.'),
  'compression.zstd.level': idle('int', 3, whole(-131_072, 22), 'Batches are not compressed here.'),
  'delete.retention.ms': idle('long', 86_400_000, whole(0), 'There is no compaction yet.'),
  'file.delete.delay.ms': idle('long', 60_000, whole(0), 'Files go when the checkpoint does not name them any more.'),
  'flush.messages': idle('long', '9223372036854775807', whole(1), 'Every record is synced before it is acknowledged.'),
  'flush.ms': idle('long', '9223372036854775807', whole(0), 'Every record is synced before it is acknowledged.'),
  'follower.replication.throttled.replicas': idle('list', '', anything, 'Replication is not throttled.'),
  'index.interval.bytes': idle('int', 4096, int(0), 'The index has an entry for 64 KiB.'),
  'leader.replication.throttled.replicas': idle('list', '', anything, 'Replication is not throttled.'),
  'local.retention.bytes': idle('long', -2, whole(-2), 'There is no remote storage.'),
  'local.retention.ms': idle('long', -2, whole(-2), 'There is no remote storage.'),
  'max.compaction.lag.ms': idle('long', '9223372036854775807', whole(1), 'There is no compaction yet.'),
  'message.timestamp.after.max.ms': idle('long', 3_600_000, whole(0), 'Times of producers are not checked yet.'),
  'message.timestamp.before.max.ms': idle(
    'long',
    '9223372036854775807',
    whole(0),
    'Times of producers are not checked yet.',
  ),
  'min.cleanable.dirty.ratio': idle('double', 0.5, fraction, 'There is no compaction yet.'),
  'min.compaction.lag.ms': idle('long', 0, whole(0), 'There is no compaction yet.'),
  preallocate: idle('boolean', false, flag, 'Segments grow.'),
  'remote.log.copy.disable': idle('boolean', false, flag, 'There is no remote storage.'),
  'remote.log.delete.on.disable': idle('boolean', false, flag, 'There is no remote storage.'),
  'remote.storage.enable': idle(
    'boolean',
    false,
    only('false', 'is not there: there is no remote storage'),
    'There is no remote storage.',
  ),
  'segment.index.bytes': idle('int', 10_485_760, int(4), 'Indexes grow.'),
  'segment.jitter.ms': idle('long', 0, whole(0), 'Segments are completed by their age alone.'),
  'unclean.leader.election.enable': idle(
    'boolean',
    false,
    only('false', 'is not there: only a replica with every acknowledged record leads'),
    'Only a replica with every acknowledged record leads.',
  ),
}

function idle(type: TopicSetting['type'], value: Row['default'], check: TopicSetting['check'], about: string): Row {
  return { type, default: value, check, about: `Without effect: ${about}`, isIdle: true }
}

/** By name: all settings that Kafka's topics have. */
export const topicSettings: ReadonlyMap<string, TopicSetting> = new Map(
  Object.entries(rows)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, row]) => [name, { ...row, default: String(row.default) }]),
)

/** @returns what is wrong with a setting; undefined: nothing */
export function settingProblem(name: string, value: string): string | undefined {
  const setting = topicSettings.get(name)
  if (!setting) return `Topics have no setting "${name}"`
  const wrong = setting.check(value)
  return wrong && `Cannot set ${name}: ${wrong}`
}

export function settingOf(settings: Readonly<Record<string, string>>, name: string): string {
  return settings[name] ?? topicSettings.get(name)!.default
}
