import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Link } from './chaos-network.ts'
import { linksBetween } from './chaos-network.ts'
import { Links } from './links.ts'

function recorded() {
  const said: string[] = []
  const links = new Links({ setLink: ([from, to], state) => said.push(`${from}>${to} ${state}`) })
  return { links, said }
}

const ab: Link = ['a', 'b']

test('a link that two faults cut is whole when both are over', () => {
  const { links, said } = recorded()
  const first = links.disturb([ab], 'cut')
  const second = links.disturb([ab], 'cut')
  first()
  assert.deepEqual(said, ['a>b cut'])
  second()
  assert.deepEqual(said, ['a>b cut', 'a>b whole'])
})

test('a slow link that is cut as well is cut, and slow again afterwards', () => {
  const { links, said } = recorded()
  const slow = links.disturb([ab], 'slow')
  const cut = links.disturb([ab], 'cut')
  cut()
  slow()
  assert.deepEqual(said, ['a>b slow', 'a>b cut', 'a>b slow', 'a>b whole'])
})

test('ending a fault twice ends it once', () => {
  const { links, said } = recorded()
  const first = links.disturb([ab], 'cut')
  const second = links.disturb([ab], 'cut')
  first()
  first()
  assert.deepEqual(said, ['a>b cut'])
  second()
  assert.deepEqual(said.at(-1), 'a>b whole')
})

test('links between groups are both directions of each pair', () => {
  assert.deepEqual(
    linksBetween(['a'], ['b', 'c']).map((link) => link.join('>')),
    ['a>b', 'b>a', 'a>c', 'c>a'],
  )
})
