import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { latin1Bytes, latin1Text } from '../../bytes.ts'
import { UnumError } from '../../errors.ts'
import { corpusLine, parseCorpus } from './corpus.ts'
import { check, type FuzzTarget } from './fuzz-target.ts'
import { inputSeedText, parseInputSeed } from './input-seed.ts'
import { minimise } from './minimise.ts'
import { remakeInput, runOnce, runSession, type SessionReport } from './session.ts'

/** Reads `length u8, that many bytes, "!"`. What it does with a certain input is its weakness. */
function parser(weakness: (body: string) => string): FuzzTarget {
  return {
    name: 'a parser',
    family: 'tests',
    refusals: ['DATA_DAMAGED'],
    inputBytesMax: 100,
    dictionary: ['bang'],
    corpus: () => [latin1Bytes('\x05hello!'), latin1Bytes('\x00!')],
    run(input) {
      const length = input[0] ?? 0
      if (input[length + 1] !== 0x21) throw new UnumError('DATA_DAMAGED', `Wrong after ${length} bytes`)
      return weakness(latin1Text(input, 1, 1 + length))
    },
  }
}

/** One changed byte away from the corpus. */
const isNew = (body: string) => body.length === 5 && !body.startsWith('h')

const sound = parser((body) => `${body.length}`)

function session(target: FuzzTarget, seed: number, inputsMax = 20_000): Promise<SessionReport> {
  return runSession({ target, seed, inputsMax, msMax: 60_000, usedBytes: () => 0 })
}

suite('a session', () => {
  test('finds nothing in a sound parser, and keeps count', async () => {
    const report = await session(sound, 1)
    assert.equal(report.finding, undefined)
    assert.equal(report.inputs, 20_000)
    assert.ok(report.outcomes > 20, `${report.outcomes} outcomes`)
  })

  test('is the same again with the same seed, and another one with another', async () => {
    const inputs = async (seed: number) => {
      const seen: string[] = []
      const target = { ...sound, run: (input: Uint8Array) => `${seen.push(latin1Text(input))}` }
      await session(target, seed, 500)
      return seen
    }
    const first = await inputs(7)
    assert.deepEqual(await inputs(7), first)
    assert.notDeepEqual(await inputs(8), first)
    assert.deepEqual(first.slice(0, 2), ['\x05hello!', '\x00!'], 'the corpus itself comes first')
  })

  test('finds an assertion behind valid input, and makes the input again from its seed alone', async () => {
    const broken = parser((body) => {
      check(!body.includes('bang'), 'no body bangs')
      return `${body.length}`
    })
    const { finding } = await session(broken, 3)
    assert.equal(finding?.problem.what, 'Violation no body bangs')
    const seed = parseInputSeed(finding.seed)!
    assert.equal(inputSeedText(seed), finding.seed)
    assert.deepEqual(await remakeInput(broken, seed), finding.input)
  })

  test('goes on from inputs that did something new', async () => {
    // Three letters, each of which says only that the ones before it are right: no luck finds all at once.
    const nested = parser((body) => {
      let right = 0
      while (right < 3 && body[right] === 'wxy'[right]) right++
      check(right < 3, 'it is not found')
      return `${right}`
    })
    const { finding, inputs } = await session(nested, 1, 2_000_000)
    assert.ok(finding, `not within ${inputs} inputs`)
    assert.ok(parseInputSeed(finding.seed)!.chain.length > 1, finding.seed)
  })

  test('finds other errors than those that the parser may refuse with', async () => {
    const problemOf = async (error: unknown) => {
      const target = parser((body) => {
        if (isNew(body)) throw error
        return ''
      })
      return (await session(target, 1)).finding?.problem
    }
    assert.equal((await problemOf(new TypeError('x is not a function')))?.what, 'TypeError x is not a function')
    assert.equal((await problemOf(new UnumError('STOPPED', 'No')))?.what, 'UnumError STOPPED No')
    assert.equal(await problemOf(new UnumError('DATA_DAMAGED', 'No')), undefined)
  })

  test('finds what takes too long each time, and not what was held up once', async () => {
    const wait = (ms: number) => {
      for (const untilMs = performance.now() + ms; performance.now() < untilMs; );
    }
    const slow = parser((body) => {
      if (isNew(body)) wait(120)
      return ''
    })
    assert.equal((await session(slow, 1)).finding?.problem.kind, 'hang')
    let runs = 0
    const once = parser(() => {
      if (++runs === 100) wait(120)
      return ''
    })
    assert.equal((await session(once, 1, 2000)).finding, undefined)
  })

  test('finds a buffer that is larger than an input may ask for', async () => {
    const greedy = parser((body) => {
      if (isNew(body)) Buffer.allocUnsafeSlow(2 << 20)
      return ''
    })
    const { finding } = await session(greedy, 1)
    assert.match(finding!.problem.details, /one buffer of 2097152 bytes/)
    assert.equal(Buffer.allocUnsafeSlow(2 << 20).length, 2 << 20, 'nothing is guarded afterwards')
  })

  test('finds memory that is kept', async () => {
    let used = 1000
    const report = await runSession({
      ...{ target: sound, seed: 1, inputsMax: 10, msMax: 1000 },
      usedBytes: () => (used += 65 << 20),
    })
    assert.equal(report.finding?.problem.kind, 'memory')
  })

  test('waits for targets that answer later', async () => {
    const later: FuzzTarget = {
      ...sound,
      async run(input) {
        await undefined
        check(input.length !== 9, 'never nine')
        return ''
      },
    }
    assert.equal((await session(later, 1)).finding?.problem.what, 'Violation never nine')
  })
})

test('a failing input is made as small as it can be', async () => {
  const broken: FuzzTarget = {
    ...sound,
    run(input) {
      check(!/x.*y/s.test(latin1Text(input)), 'no y after an x')
      return ''
    },
  }
  const input = latin1Bytes('abcdefghijklmnoxpqrstuvwyz01234 and more')
  const { problem } = await runOnce(broken, input)
  const smallest = await minimise(broken, input, problem!.what, { msMax: 5000 })
  assert.equal(latin1Text(smallest), 'xy')
})

test('inputs as text', () => {
  const bytes = Uint8Array.from({ length: 256 }, (_, i) => i)
  const line = corpusLine(bytes)
  assert.match(line, /^"[\x20-\x7e]*"$/)
  assert.deepEqual(parseCorpus(`# a comment\n\n${line}\n""\n`), [bytes, new Uint8Array(0)])
})

test('seeds as text', () => {
  assert.deepEqual(parseInputSeed('7'), { seed: 7, chain: [] })
  assert.deepEqual(parseInputSeed('7/120.8831'), { seed: 7, chain: [120, 8831] })
  for (const wrong of ['', 'x', '-1', '7/', '7/1.', '7.1', '99999999999', '4294967296']) {
    assert.equal(parseInputSeed(wrong), undefined, wrong)
  }
})
