import { equal, ok } from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, suite, test } from 'node:test'
import { createRandom } from '#kernel/base/random.ts'
import { checkLinearizability } from '#lab/checkers/linearizability.ts'
import { correctHistory, historyOf } from '#lab/checkers/testing/histories.ts'
import { groupHistories, stringHistories } from '#lab/checkers/testing/known-histories.ts'
import type { Operation } from '#lab/history.ts'
import { lineOf } from '#lab/history-lines.ts'
import { groupModel, groupOperations } from '#lab/redis/group-model.ts'
import { stringModel } from '#lab/redis/key-model.ts'

/** Building it, where Porcupine has to be fetched first. */
const timeoutMs = 180_000
const unavailable = 3

const folder = mkdtempSync(join(tmpdir(), 'porcupine-'))
after(() => rmSync(folder, { recursive: true }))

/** What Porcupine says of each history, in order; undefined where it cannot be had. */
function verdictsOf(histories: readonly (readonly Operation[])[], judge: 'string' | 'group'): string[] | undefined {
  const file = join(folder, `${judge}.jsonl`)
  const lines = histories.flatMap((operations, i) =>
    operations.map((operation) => lineOf({ ...operation, key: `{${i}}` }, judge)),
  )
  writeFileSync(file, lines.map((line) => `${line}\n`).join(''))
  const { status, stdout, stderr } = spawnSync(join(import.meta.dirname, 'run'), [file], {
    encoding: 'utf8',
    timeout: timeoutMs,
  })
  if (status === unavailable) return undefined
  ok(status === 0 || status === 1, `${status}: ${stderr}`)
  const byObject = new Map(
    stdout
      .trim()
      .split('\n')
      .map((line) => line.split('\t'))
      .map(([verdict, , object]) => [object!, verdict!]),
  )
  return histories.map((operations, i) => (operations.length === 0 ? 'ok' : byObject.get(`{${i}}`)!))
}

suite('Porcupine agrees with our checker', { timeout: timeoutMs }, () => {
  const drawn = ({ good, bad }: typeof stringHistories) => Object.entries({ ...good, ...bad })

  test('on keys that hold strings', (t) => {
    const known = drawn(stringHistories)
    const generated = Array.from({ length: 12 }, (_, seed) => {
      const right = correctHistory(createRandom(seed), { operations: 200, connections: 4, lossRate: 0.02 })
      // Without one of its writes: most of these are wrong.
      const appends = right.filter(({ command }) => command === 'append')
      return seed % 2 === 0 ? right : right.filter((operation) => operation !== appends[appends.length >> 1])
    })
    const histories = [...known.map(([, drawing]) => historyOf(drawing)), ...generated]
    const verdicts = verdictsOf(histories, 'string')
    if (verdicts === undefined) return t.skip('NO VERDICT OF PORCUPINE: it, or Go, is not to be had here')
    let wrong = 0
    histories.forEach((operations, i) => {
      const ours = checkLinearizability(stringModel, [['', operations]]).kind === 'linearizable' ? 'ok' : 'illegal'
      equal(verdicts[i], ours, known[i]?.[0] ?? `generated ${i - known.length}`)
      if (ours === 'illegal') wrong++
    })
    ok(wrong > 16, `${wrong} wrong ones`)
  })

  test('on keys of one tag', (t) => {
    // It has no model of WATCH, nor of where shards begin.
    const known = drawn(groupHistories).filter(([, drawing]) => !/watch|across/.test(drawing))
    const histories = known.map(([, drawing]) => historyOf(drawing))
    const verdicts = verdictsOf(histories, 'group')
    if (verdicts === undefined) return t.skip('NO VERDICT OF PORCUPINE: it, or Go, is not to be had here')
    histories.forEach((operations, i) => {
      const check = checkLinearizability(groupModel, [['', groupOperations(operations)]])
      equal(verdicts[i], check.kind === 'linearizable' ? 'ok' : 'illegal', known[i]![0])
    })
    ok(known.length > 8)
  })
})
