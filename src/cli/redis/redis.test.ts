import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { formatReply, rawReply } from './format-reply.ts'
import { completions } from './prompt.ts'
import { ReplyReader } from './reply.ts'
import { splitWords } from './split-words.ts'

suite('a line', () => {
  const rows: [line: string, words: string[] | undefined][] = [
    ['', []],
    ['  get   a ', ['get', 'a']],
    ['set a "x y"', ['set', 'a', 'x y']],
    ["set a 'it\\'s'", ['set', 'a', "it's"]],
    ['set a "\\x41\\n\\t\\"\\\\\\q"', ['set', 'a', 'A\n\t"\\q']],
    ["set a '\\n'", ['set', 'a', '\\n']],
    ['set "" \'\'', ['set', '', '']],
    ['set a"b c"', ['set', 'ab c']],
    ["set a 'a\\\\b'", ['set', 'a', 'a\\\\b']],
    ['set a "\\😀"', ['set', 'a', '😀']],
    ['set a\u00a0b c', ['set', 'a\u00a0b', 'c']],
    ["get 'a\\\\'", undefined],
    ['get "a', undefined],
    ["get 'a", undefined],
    ['get "a"b', undefined],
    ['get "a\\"', undefined],
  ]
  for (const [line, words] of rows) {
    test(`${JSON.stringify(line)} is ${words ? words.length : 'no'} words`, () => {
      assert.deepEqual(splitWords(line)?.map(String), words)
    })
  }
  test('may hold any byte', () => {
    assert.deepEqual(splitWords('"\\x00\\xff"'), [Buffer.from([0, 255])])
  })
})

suite('a reply', () => {
  const rows: [wire: string, shown: string, raw: string][] = [
    ['+OK\r\n', 'OK', 'OK'],
    ['-ERR no\r\n', '(error) ERR no', 'ERR no'],
    [':7\r\n', '(integer) 7', '7'],
    ['$-1\r\n', '(nil)', ''],
    ['*-1\r\n', '(nil)', ''],
    ['_\r\n', '(nil)', ''],
    ['$4\r\na\r\n"\r\n', '"a\\r\\n\\""', 'a\r\n"'],
    ['$2\r\né\r\n', '"é"', 'é'],
    ['*0\r\n', '(empty array)', ''],
    ['*2\r\n:1\r\n*2\r\n+a\r\n+b\r\n', '1) (integer) 1\n2) 1) a\n   2) b', '1\na\nb'],
    ['%1\r\n+k\r\n,1.5\r\n', '1# k => (double) 1.5', 'k\n1.5'],
    ['~1\r\n#t\r\n', '1~ (true)', 'true'],
    ['=7\r\ntxt:abc\r\n', '"abc"', 'abc'],
    ['!5\r\nERR x\r\n', '(error) ERR x', 'ERR x'],
    ['(123\r\n', '(big number) 123', '123'],
  ]
  for (const [wire, shown, raw] of rows) {
    test(`${JSON.stringify(wire)} is the same however it arrives`, () => {
      const bytes = Buffer.from(wire)
      const whole = new ReplyReader().add(bytes)
      const reader = new ReplyReader()
      const single = [...bytes].flatMap((byte) => reader.add(Buffer.from([byte])))
      assert.equal(whole.length, 1)
      assert.deepEqual(single, whole)
      assert.equal(formatReply(whole[0]!), shown)
      assert.equal(rawReply(whole[0]!).toString(), raw)
    })
  }
  test('that is none is refused', () => {
    for (const wire of ['HTTP/1.1 400\r\n', '$x\r\n', '$-2\r\n', '*1.5\r\n', '?3\r\n']) {
      assert.throws(() => new ReplyReader().add(Buffer.from(wire)), /not in the Redis protocol/)
    }
  })
})

test('completion keeps the case that was begun with and ends with the command', () => {
  const names = ['GET', 'GETEX', 'SET']
  assert.deepEqual(completions(names, 'ge'), [['get ', 'getex '], 'ge'])
  assert.deepEqual(completions(names, 'S'), [['SET '], 'S'])
  assert.deepEqual(completions(names, 'get a'), [[], 'get a'])
})
