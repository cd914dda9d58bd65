import { equal, ok } from 'node:assert/strict'
import { test } from 'node:test'
import { createRandom } from '#kernel/base/random.ts'
import { argumentFor } from '../checkers/testing/histories.ts'
import type { StringCommand, StringState } from './string-commands.ts'
import { stringCommands } from './string-commands.ts'

/** From Redis's documentation of each command: state, command, argument, reply, state after. */
const documented: readonly (readonly [StringState, StringCommand, string, string, StringState])[] = [
  [undefined, 'get', '', '_', undefined],
  ['x', 'get', '', '$x', 'x'],
  [undefined, 'strlen', '', ':0', undefined],
  ['Hello World', 'strlen', '', ':11', 'Hello World'],
  [undefined, 'exists', '', ':0', undefined],
  [undefined, 'type', '', '+none', undefined],
  ['1', 'ttl', '', ':-1', '1'],
  [undefined, 'ttl', '', ':-2', undefined],
  ['This is a string', 'getRange', '0 3', '$This', 'This is a string'],
  ['This is a string', 'getRange', '-3 -1', '$ing', 'This is a string'],
  ['This is a string', 'getRange', '0 -1', '$This is a string', 'This is a string'],
  ['This is a string', 'getRange', '10 100', '$string', 'This is a string'],
  ['This is a string', 'getRange', '5 2', '$', 'This is a string'],
  [undefined, 'getRange', '0 5', '$', undefined],
  ['old', 'set', 'new', '+OK', 'new'],
  ['old', 'setNx', 'new', '_', 'old'],
  [undefined, 'setNx', 'new', '+OK', 'new'],
  [undefined, 'setXx', 'new', '_', undefined],
  ['old', 'setXx', 'new', '+OK', 'new'],
  ['old', 'setGet', 'new', '$old', 'new'],
  [undefined, 'setGet', 'new', '_', 'new'],
  ['old', 'setNxGet', 'new', '$old', 'old'],
  [undefined, 'setNxGet', 'new', '_', 'new'],
  ['Hello', 'setnx', 'World', ':0', 'Hello'],
  ['old', 'getSet', 'new', '$old', 'new'],
  ['Hello', 'getDel', '', '$Hello', undefined],
  ['Hello', 'del', '', ':1', undefined],
  [undefined, 'del', '', ':0', undefined],
  ['Hello', 'append', ' World', ':11', 'Hello World'],
  ['Hello World', 'setRange', '6 Redis', ':11', 'Hello Redis'],
  [undefined, 'setRange', '6 Redis', ':11', '\0\0\0\0\0\0Redis'],
  [undefined, 'setRange', '6 ', ':0', undefined],
  ['10', 'incr', '', ':11', '11'],
  [undefined, 'decr', '', ':-1', '-1'],
  ['10', 'incrBy', '5', ':15', '15'],
  ['10', 'decrBy', '-3', ':13', '13'],
  ['9223372036854775807', 'incr', '', '-ERR increment or decrement would overflow', '9223372036854775807'],
  ['-9223372036854775808', 'decr', '', '-ERR increment or decrement would overflow', '-9223372036854775808'],
  ['1', 'decrBy', '-9223372036854775808', '-ERR decrement would overflow', '1'],
  [
    '234293482390480948029348230948',
    'incr',
    '',
    '-ERR value is not an integer or out of range',
    '234293482390480948029348230948',
  ],
  ['9223372036854775808', 'incr', '', '-ERR value is not an integer or out of range', '9223372036854775808'],
  ['01', 'incr', '', '-ERR value is not an integer or out of range', '01'],
  ['-0', 'incr', '', '-ERR value is not an integer or out of range', '-0'],
  ['1', 'incrBy', '1.5', '-ERR value is not an integer or out of range', '1'],
]

test('answers as documented', () => {
  for (const [state, command, argument, reply, after] of documented) {
    const outcome = stringCommands[command].apply(state, argument)
    equal(outcome.reply, reply, `${command} ${argument} on ${state}`)
    equal(outcome.state, after, `${command} ${argument} on ${state}`)
  }
})

test('every command has an example', () => {
  const examples = new Set(documented.map(([, command]) => command))
  for (const command of Object.keys(stringCommands)) ok(examples.has(command as StringCommand), command)
})

test('a reply that is said to change nothing comes only with an unchanged state', () => {
  const random = createRandom('changes')
  const states: StringState[] = [undefined, '', '7', 'word', '9223372036854775807']
  let idle = 0
  for (const command of Object.keys(stringCommands) as StringCommand[]) {
    ok(stringCommands[command].changes(undefined) === stringCommands[command].changes(':1') || command === 'setNxGet')
    for (let i = 0; i < 100; i++) {
      const state = states[i % states.length]
      const outcome = stringCommands[command].apply(state, argumentFor(random, command, i))
      if (stringCommands[command].changes(outcome.reply)) continue
      equal(outcome.state, state)
      idle++
    }
  }
  ok(idle > 600, `${idle} of them`)
})
