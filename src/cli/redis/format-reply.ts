import type { Reply } from './reply.ts'

/** For people, in the manner of redis-cli: kinds are shown, strings are quoted. */
export function formatReply(reply: Reply, indent = ''): string {
  switch (reply.kind) {
    case 'status':
      return reply.text
    case 'error':
      return `(error) ${reply.text}`
    case 'number':
      return `(integer) ${reply.text}`
    case 'double':
      return `(double) ${reply.text}`
    case 'bignum':
      return `(big number) ${reply.text}`
    case 'boolean':
      return `(${reply.value})`
    case 'null':
      return '(nil)'
    case 'bulk':
      return quoted(reply.bytes)
    case 'map':
      return formatMap(reply.items, indent)
    case 'array':
    case 'set':
    case 'push':
      return formatItems(reply.items, reply.kind, indent)
    default:
      return reply satisfies never
  }
}

function formatItems(items: readonly Reply[], kind: 'array' | 'set' | 'push', indent: string): string {
  if (items.length === 0) return `(empty ${kind})`
  const mark = kind === 'set' ? '~' : ')'
  return numbered(items.length, mark, indent, (k, deeper) => formatReply(items[k]!, deeper))
}

function formatMap(items: readonly Reply[], indent: string): string {
  if (items.length === 0) return '(empty hash)'
  const pair = (k: number, deeper: string) => {
    const key = formatReply(items[2 * k]!, deeper)
    return `${key} => ${formatReply(items[2 * k + 1]!, `${deeper}${' '.repeat(key.length + 4)}`)}`
  }
  return numbered(items.length / 2, '#', indent, pair)
}

function numbered(count: number, mark: string, indent: string, item: (k: number, indent: string) => string): string {
  const width = String(count).length
  const deeper = `${indent}${' '.repeat(width + 2)}`
  const line = (k: number) => `${k === 0 ? '' : indent}${String(k + 1).padStart(width)}${mark} ${item(k, deeper)}`
  return Array.from({ length: count }, (_, k) => line(k)).join('\n')
}

const named: Readonly<Record<number, string>> = {
  7: '\\a',
  8: '\\b',
  9: '\\t',
  10: '\\n',
  13: '\\r',
  34: '\\"',
  92: '\\\\',
}

/** As it could be typed again. Text in UTF-8 stays text, other bytes become \xHH. */
function quoted(bytes: Buffer): string {
  const text = bytes.toString('utf8')
  const isText = Buffer.from(text).equals(bytes)
  let out = ''
  for (const character of isText ? text : bytes.toString('latin1')) {
    const code = character.codePointAt(0)!
    const isPlain = code >= 32 && code !== 127 && (code < 127 || isText)
    out += named[code] ?? (isPlain ? character : `\\x${code.toString(16).padStart(2, '0')}`)
  }
  return `"${out}"`
}

/** For programs, as redis-cli does when its output is no terminal: only the values, one a line. */
export function rawReply(reply: Reply): Buffer {
  switch (reply.kind) {
    case 'bulk':
      return reply.bytes
    case 'null':
      return Buffer.alloc(0)
    case 'boolean':
      return Buffer.from(String(reply.value))
    case 'status':
    case 'error':
    case 'number':
    case 'double':
    case 'bignum':
      return Buffer.from(reply.text)
    case 'array':
    case 'set':
    case 'push':
    case 'map':
      return Buffer.concat(reply.items.flatMap((item, k) => (k === 0 ? [rawReply(item)] : [newline, rawReply(item)])))
    default:
      return reply satisfies never
  }
}

const newline = Buffer.from('\n')
