import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'node:test'
import { playScript } from './testing/script.ts'

/** `npm test -- --test-update-snapshots 'src/kernel/consensus/transcripts.test.ts'` writes them anew. */
const folder = join(import.meta.dirname, 'testdata')

for (const name of readdirSync(folder).filter((name) => name.endsWith('.txt'))) {
  test(`transcript: ${name.replace('.txt', '').replaceAll('-', ' ')}`, (t) => {
    const path = join(folder, name)
    t.assert.fileSnapshot(playScript(readFileSync(path, 'utf8')), path, { serializers: [String] })
  })
}
