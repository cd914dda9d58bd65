import { equal, match } from 'node:assert/strict'
import { test } from 'node:test'
import { runLab } from '../index.ts'
import type { LastingCut } from './lasting-cut.ts'

/** What is said of a calm run of the real node that ends with such a cut. */
async function told(cut: LastingCut, nodeCount: number): Promise<string> {
  const lines: string[] = []
  const cluster = { nodeCount, shards: 1, faultMs: 200, ending: 'none', lastingCut: cut, mixed: false }
  const output = {
    line: (text: string) => lines.push(text),
    nowMs: () => 0,
    takeRejections: () => [],
    readFile: () => JSON.stringify({ faults: {}, cluster, settings: { electionTimeoutMs: 300, heartbeatMs: 60 } }),
  }
  const failed = await runLab({ seed: 11, scenario: 'cut.json', workload: 'strings', trace: true }, output)
  equal(failed, 0, lines.slice(-4).join('\n'))
  return lines.join('\n')
}

for (const cut of ['deaf', 'mute', 'alone'] as const) {
  test(`while its leader is ${cut} the others answer, and it sees that it leads no more`, async () => {
    const text = await told(cut, 3)
    const [, outcast] = / (n\d), which leads, is \w+ from now on/.exec(text) ?? []
    match(text, new RegExp(`SET "?meanwhile\\.(?!${outcast})n\\d`, 'i'))
    equal(new RegExp(`meanwhile\\.${outcast}`).test(text), false)
    match(text, new RegExp(`${outcast} is whole again[^]*healed\\.${outcast}`))
  })
}

test('a single node cannot be missed', async () => {
  equal((await told('alone', 1)).includes('from now on'), false)
})
