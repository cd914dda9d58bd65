import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { apiList } from './apis.ts'

test('the README lists the APIs of the table', (t) => {
  // `npm test -- --test-update-snapshots src/messaging/kafka/protocol/readme.test.ts` writes the list.
  const path = join(import.meta.dirname, 'README.md')
  const rows = apiList.map(({ key, name, versionMin, versionMax, request: { flexibleSince } }) => {
    return `| ${key} | ${name} | ${versionMin} to ${versionMax} | ${flexibleSince ?? 'none'} |`
  })
  const heading = ['| key | API | versions | flexible since |', '| --- | --- | --- | --- |']
  const list = ['<!-- apis -->', ...heading, ...rows, '<!-- /apis -->'].join('\n')
  const readme = readFileSync(path, 'utf8').replace(/<!-- apis -->.*<!-- \/apis -->/s, list)
  t.assert.fileSnapshot(readme, path, { serializers: [String] })
})
