import type { Log } from '#kernel/handles/service.ts'

export interface NodeLog extends Log {
  /** Lines are kept in memory until then: loading the logger must not slow the node's start. */
  open(): Promise<void>
  /** Whether warnings are also said on stderr. While nodes start or stop, not reaching each other is no news. */
  speaks: boolean
}

type Level = 'info' | 'warn' | 'error'

/** Lines kept before `open`; further ones are only counted. */
const keptMax = 1000

/** Lines that could not be written; further ones are dropped. */
const unwrittenBytesMax = 1 << 20

/** JSON lines by pino in `file`; errors, and warnings while it `speaks`, also on stderr as text. */
export function createNodeLog(name: string, file: string): NodeLog {
  let write = (level: Level, fields: Record<string, unknown>, message: string) => {
    if (kept.length < keptMax) kept.push({ level, fields: { ...fields, time: new Date().toISOString() }, message })
    else dropped++
  }
  const kept: { level: Level; fields: Record<string, unknown>; message: string }[] = []
  let dropped = 0
  let opening: Promise<void> | undefined

  async function load(): Promise<void> {
    const { pino } = await import('pino')
    // Written at once, not in the background: lines are rare, and the last ones before an end matter most.
    const destination = pino.destination({ dest: file, append: true, sync: true, maxLength: unwrittenBytesMax })
    // A disk that is full must not end the node: lines that cannot be written are tried again with the next one.
    destination.on('error', () => {})
    const timestamp = () => `,"time":"${new Date().toISOString()}"`
    const logger = pino({ base: { node: name, pid: process.pid }, timestamp }, destination)
    const early = pino({ base: { node: name, pid: process.pid }, timestamp: false }, destination)
    for (const { level, fields, message } of kept) early[level](fields, message)
    if (dropped > 0) logger.warn({ dropped }, 'lines were dropped before the log was open')
    kept.length = 0
    write = (level, fields, message) => logger[level](fields, message)
  }

  const say = (level: Level, fields: Record<string, unknown>, message: string) => {
    write(level, fields, message)
    if (level === 'error' || (level === 'warn' && log.speaks))
      process.stderr.write(`unum ${name}: ${message}${shown(fields)}\n`)
  }
  const log: NodeLog = {
    info: (fields, message) => say('info', fields, message),
    warn: (fields, message) => say('warn', fields, message),
    error: (fields, message) => say('error', fields, message),
    open: () => (opening ??= load()),
    speaks: false,
  }
  return log
}

function shown(fields: Record<string, unknown>): string {
  const texts = Object.entries(fields).map(([key, value]) => {
    return `${key}=${value instanceof Error ? value.message : typeof value === 'object' ? JSON.stringify(value) : value}`
  })
  return texts.length === 0 ? '' : ` (${texts.join(', ')})`
}
