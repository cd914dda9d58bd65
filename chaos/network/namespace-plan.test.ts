import assert from 'node:assert/strict'
import { test } from 'node:test'
import { NamespacePlan, nowhere } from './namespace-plan.ts'

const plan = new NamespacePlan(['n1', 'n2', 'n3'])

test('each two places have a cable of their own', () => {
  assert.deepEqual(plan.steps()[0]!.lines, [
    'link add name to-n1 type veth peer name to-clients netns n1',
    'link add name to-n2 type veth peer name to-clients netns n2',
    'link add name to-n3 type veth peer name to-clients netns n3',
    'link add name to-n2 netns n1 type veth peer name to-n1 netns n2',
    'link add name to-n3 netns n1 type veth peer name to-n1 netns n3',
    'link add name to-n3 netns n2 type veth peer name to-n2 netns n3',
  ])
})

test('a place sends to the hardware address at the other end of the cable', () => {
  const lines = plan.steps().flatMap((step) => step.lines.map((line) => `${step.place}: ${line}`))
  assert.ok(lines.includes('n2: link set to-n1 address 02:00:00:00:02:01 up'))
  assert.ok(lines.includes('n1: neigh replace 127.77.0.2 lladdr 02:00:00:00:02:01 nud permanent dev to-n2'))
})

test('a cut link sends to a hardware address that no end has', () => {
  assert.equal(plan.neighbor('n1', 'n2', true), `neigh replace 127.77.0.2 lladdr ${nowhere} nud permanent dev to-n2`)
  assert.ok(plan.steps().every(({ lines }) => lines.every((line) => !line.includes(nowhere))))
})

test('addresses are of the loopback range and differ', () => {
  const addresses = plan.places.map((place) => plan.addressOf(place))
  assert.equal(new Set(addresses).size, 4)
  for (const address of addresses) assert.match(address, /^127\.77\.0\.\d$/)
})
