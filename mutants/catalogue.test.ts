import { deepEqual, equal, ok, throws } from 'node:assert/strict'
import { test } from 'node:test'
import { transformSync } from 'esbuild'
import { mutants, mutantsNamed } from './catalogue/index.ts'
import type { Mutant } from './mutant.ts'
import { mutatedFiles } from './mutant.ts'
import { readSource } from './sandbox.ts'

test('every mutant applies, changes what it edits, and leaves a program', () => {
  for (const mutant of mutants) {
    for (const [file, text] of mutatedFiles(mutant, readSource)) {
      ok(text !== readSource(file), `${mutant.name} changes ${file}`)
      transformSync(text, { loader: 'ts' }) // throws where it cannot be parsed
    }
  }
})

test('names are unique and say in words what is wrong', () => {
  equal(new Set(mutants.map(({ name }) => name)).size, mutants.length)
  for (const { name, story } of mutants) {
    ok(/^[a-z0-9]+(-[a-z0-9]+)+$/.test(name), name)
    ok(/^[A-Z].*\.$/.test(story), `${name} tells its story in whole sentences`)
  }
})

test('there are enough, and many are bugs that others had', () => {
  ok(mutants.length >= 60, `${mutants.length} mutants`)
  const reported = mutants.filter(({ report }) => report)
  ok(reported.length >= 20, `${reported.length} with a report`)
  for (const { name, report } of reported) {
    ok(/^https:\/\/\S+$/.test(report!.url) && report!.what.endsWith('.'), `${name} names its report`)
  }
})

test('no two mutants are the same change', () => {
  const changes = mutants.map(({ edits }) => JSON.stringify(edits))
  deepEqual(
    changes.filter((change, at) => changes.indexOf(change) !== at),
    [],
  )
})

test('a place that is missing or there twice is an error', () => {
  const mutant = (find: string): Mutant => ({ name: 'm', story: '', edits: [{ file: 'f', find, replace: '' }] })
  throws(() => mutatedFiles(mutant('x'), () => 'abc'), /Mutant m does not apply: its place is 0 times in f/)
  throws(() => mutatedFiles(mutant('a'), () => 'aba'), /its place is 2 times in f/)
})

test('unknown names are an error', () => {
  throws(() => mutantsNamed(['older-log-wins', 'no-such']), /There is no mutant no-such/)
  equal(mutantsNamed(['older-log-wins']).length, 1)
  equal(mutantsNamed([]).length, mutants.length)
})
