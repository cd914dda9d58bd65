/**
 * Splits a line into words as redis-cli does: between spaces; "double quotes" know \n \r \t \b \a \\ \" and \xHH,
 * 'single quotes' only \'. Undefined where quotes do not match.
 */
export function splitWords(line: string): Buffer[] | undefined {
  const words: Buffer[] = []
  let at = 0
  while (true) {
    while (at < line.length && isSpace(line[at]!)) at++
    if (at >= line.length) return words
    const parts: Buffer[] = []
    while (at < line.length && !isSpace(line[at]!)) {
      const quote = line[at]!
      if (quote !== '"' && quote !== "'") {
        const end = wordEnd(line, at)
        parts.push(Buffer.from(line.slice(at, end)))
        at = end
        continue
      }
      const quoted = (quote === '"' ? doubleQuoted : singleQuoted).exec(line.slice(at))?.[0]
      // What follows a closing quote must be a space.
      if (quoted === undefined || (at + quoted.length < line.length && !isSpace(line[at + quoted.length]!)))
        return undefined
      parts.push(
        quote === '"' ? unescaped(quoted.slice(1, -1)) : Buffer.from(quoted.slice(1, -1).replaceAll("\\'", "'")),
      )
      at += quoted.length
    }
    words.push(Buffer.concat(parts))
  }
}

const doubleQuoted = /^"(?:[^"\\]|\\.)*"/s
// A backslash before anything but a quote is itself, also before the closing one's backslash.
const singleQuoted = /^'(?:[^'\\]|\\'|\\(?!'))*'/s
// As C's `isspace`: what else Unicode calls a space may be part of a key.
const isSpace = (character: string) => /[ \t-\r]/.test(character)

function wordEnd(line: string, start: number): number {
  let at = start
  while (at < line.length && !isSpace(line[at]!) && line[at] !== '"' && line[at] !== "'") at++
  return at
}

const escapes: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', b: '\b', a: '\x07' }

function unescaped(text: string): Buffer {
  const parts: Buffer[] = []
  for (const [part] of text.matchAll(/\\x[0-9a-fA-F]{2}|\\.|[^\\]+/gsu)) {
    if (part.length === 4 && part.startsWith('\\x')) parts.push(Buffer.from(part.slice(2), 'hex'))
    else if (part.startsWith('\\')) parts.push(Buffer.from(escapes[part[1]!] ?? part.slice(1)))
    else parts.push(Buffer.from(part))
  }
  return Buffer.concat(parts)
}
