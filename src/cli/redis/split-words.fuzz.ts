import { splitInline } from '#datastores/redis/connection/inline.ts'
import { Arguments } from '#kernel/base/arguments.ts'
import { latin1Bytes, utf8Bytes, utf8Text } from '#kernel/base/bytes.ts'
import { bucket, check, committedCorpus, type FuzzTarget } from '#kernel/base/testing/fuzz/index.ts'
import { splitWords } from './split-words.ts'

/** The prompt and the server split a line by the same rules, in two ways: what one makes of it is what the other does. */
const target: FuzzTarget = {
  name: 'words',
  family: 'cli',
  refusals: [],
  inputBytesMax: 512,
  dictionary: ['"', "'", '\\', '\\x41', '\\n', ' ', '\t', '\\"', "\\'"],
  corpus: () => [
    latin1Bytes('SET key "a value"'),
    latin1Bytes('  SET "a\\x41\\n\\t\\"" \'it\\\'s\' x'),
    latin1Bytes('"" \'\' a"b" \\'),
    ...committedCorpus(import.meta.dirname, 'words'),
  ],
  run(input) {
    const line = utf8Text(input)
    const words = splitWords(line)
    const args = new Arguments()
    const isSplit = splitInline(utf8Bytes(line), args)
    check(isSplit === (words !== undefined), 'both refuse the same lines')
    if (!words) return 'refused'
    check(args.count === words.length, 'both find as many words')
    for (const [i, word] of words.entries())
      check(args.latin1(i) === word.toString('latin1'), 'both find the same words')
    return `${bucket(words.length)} ${bucket(words[0]?.length ?? 0)}`
  },
}

export const targets = [target]
