import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { concatBytes, copyBytes, latin1Bytes, latin1Text } from '#kernel/base/bytes.ts'
import { RequestParser } from './request-parser.ts'

const limits = { bulkBytesMax: 1000, requestBytesMax: 5000, argumentsMax: 100 }

/** All commands in the chunks, and the problem that ended them. */
function parse(chunks: readonly (string | Uint8Array)[], options = limits): { commands: string[][]; problem: string } {
  const parser = new RequestParser(options)
  const commands: string[][] = []
  for (const given of chunks) {
    const chunk = copyBytes(typeof given === 'string' ? latin1Bytes(given) : given)
    parser.feed(chunk)
    let found = parser.next()
    for (; found === 'command'; found = parser.next()) {
      const { args } = parser
      commands.push(Array.from({ length: args.count }, (_, i) => args.latin1(i)))
    }
    parser.keepRest()
    chunk.fill(0x7e)
    if (found === 'error') break
  }
  return { commands, problem: parser.problem }
}

function encode(command: readonly Uint8Array[]): Uint8Array {
  return concatBytes([
    latin1Bytes(`*${command.length}\r\n`),
    ...command.flatMap((word) => [latin1Bytes(`$${word.length}\r\n`), word, latin1Bytes('\r\n')]),
  ])
}

/** Cuts at the given places, modulo the length. */
function cut(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const at = [...new Set(places.map((place) => place % (bytes.length + 1)))].sort((a, b) => a - b)
  return [0, ...at].map((from, i) => bytes.subarray(from, at[i] ?? bytes.length))
}

describe('request parser', () => {
  it('reads arrays of bulk strings', () => {
    assert.deepEqual(parse(['*2\r\n$3\r\nGET\r\n$1\r\nk\r\n*1\r\n$4\r\nPING\r\n']).commands, [['GET', 'k'], ['PING']])
  })
  it('skips empty and negative arrays', () => {
    assert.deepEqual(parse(['*0\r\n*-1\r\n*-10\r\n*1\r\n$0\r\n\r\n']), { commands: [['']], problem: '' })
  })
  it('reads inline commands between arrays', () => {
    assert.deepEqual(parse(["PING\r\n\r\n  \nSET \"a b\\x41\\n\" 'c\\'d'\n*1\r\n$1\r\nX\r\n"]).commands, [
      ['PING'],
      ['SET', 'a bA\n', "c'd"],
      ['X'],
    ])
  })
  for (const [line, problem] of [
    ['SET "a', 'unbalanced quotes in request'],
    ['SET "a"b', 'unbalanced quotes in request'],
    ["SET 'a", 'unbalanced quotes in request'],
    ['*a', 'invalid multibulk length'],
    ['*101', 'invalid multibulk length'],
    ['*2147483648', 'invalid multibulk length'],
    ['*01', 'invalid multibulk length'],
    ['*', 'invalid multibulk length'],
    ['*1\r\n$-1', 'invalid bulk length'],
    ['*1\r\n$1001', 'invalid bulk length'],
    ['*1\r\n$2147483648', 'invalid bulk length'],
    ['*1\r\n$-0', 'invalid bulk length'],
    ['*1\r\n:1', "expected '$', got ':'"],
  ] as const) {
    it(`refuses ${JSON.stringify(line)}`, () => {
      assert.equal(parse([`${line}\r\n`]).problem, problem)
      assert.equal(parse([...`${line}\r\n`]).problem, problem)
    })
  }
  it('refuses an inline command that does not end', () => {
    assert.equal(parse([`${'a'.repeat(65_537)}`]).problem, 'too big inline request')
    assert.equal(parse(Array.from({ length: 70 }, () => 'a'.repeat(1000))).problem, 'too big inline request')
  })
  it('takes an inline command of the greatest length, and none that is longer, however it comes', () => {
    const longest = 'a'.repeat(65_536)
    assert.deepEqual(parse([`${longest}\n`]), parse([longest, '\n']))
    assert.equal(parse([longest, '\n']).problem, '')
    for (const chunks of [[`${longest}a\n`], [`${longest}a`, '\n'], [longest, 'a\n']]) {
      assert.equal(parse(chunks).problem, 'too big inline request')
    }
  })
  it('refuses a length that has too many digits before its line ends', () => {
    assert.equal(parse([`*${'1'.repeat(20)}`]).problem, 'invalid multibulk length')
  })
  it('refuses a request that is too big before it is complete', () => {
    const chunk = `$1000\r\n${'x'.repeat(1000)}\r\n`
    const { commands, problem } = parse(['*10\r\n', ...Array.from({ length: 10 }, () => chunk)])
    assert.deepEqual(commands, [])
    assert.equal(problem, 'too big request')
  })
  it('reads a value that comes in many chunks', () => {
    const value = new Uint8Array(3_000_000).map((_, i) => i * 7)
    const bytes = encode([latin1Bytes('SET'), latin1Bytes('k'), value])
    const chunks = []
    for (let at = 0; at < bytes.length; at += 65_536) chunks.push(bytes.subarray(at, at + 65_536))
    const wide = { bulkBytesMax: 8 << 20, requestBytesMax: 64 << 20, argumentsMax: 1 << 20 }
    const [command] = parse([...chunks, ...chunks], wide).commands
    assert.equal(command![2], latin1Text(value))
  })
  it('holds nothing once everything is read', () => {
    const parser = new RequestParser(limits)
    for (const chunk of ['*1\r\n$4\r\nPI', 'NG\r\n']) {
      parser.feed(latin1Bytes(chunk))
      while (parser.next() === 'command') assert.equal(parser.args.latin1(0), 'PING')
      parser.keepRest()
    }
    assert.equal(parser.heldBytes, 0)
  })

  const commands = fc.array(fc.array(fc.uint8Array({ maxLength: 40 }), { minLength: 1, maxLength: 6 }), {
    maxLength: 12,
  })
  it('reads the same however the stream is cut', () => {
    fc.assert(
      fc.property(commands, fc.array(fc.nat(), { maxLength: 12 }), (given, places) => {
        const bytes = concatBytes(given.map(encode))
        const expected = given.map((command) => command.map((word) => String.fromCharCode(...word)))
        assert.deepEqual(parse(cut(bytes, places)), { commands: expected, problem: '' })
        assert.deepEqual(parse([...bytes].map((byte) => Uint8Array.of(byte))).commands, expected)
      }),
      { numRuns: 300 },
    )
  })
  it('says the same of garbage however it is cut, and never more than it was given', () => {
    const piece = fc.oneof(
      fc.constantFrom(
        '*',
        '$',
        '\r\n',
        '\n',
        '-',
        '0',
        '1',
        '2',
        '3',
        '"',
        "'",
        '\\',
        'x',
        ' ',
        'PING',
        '*2\r\n',
        '$1\r\n',
      ),
      fc.uint8Array({ maxLength: 4 }).map((bytes) => String.fromCharCode(...bytes)),
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), fc.array(fc.nat(), { maxLength: 6 }), (pieces, places) => {
        const bytes = latin1Bytes(pieces.join(''))
        const whole = parse([bytes])
        assert.deepEqual(parse(cut(bytes, places)), whole)
        const words = whole.commands.flat().join('')
        assert.ok(words.length <= bytes.length)
      }),
      { numRuns: 2000 },
    )
  })
})
