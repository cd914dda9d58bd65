import type { Call } from '../call.ts'
import { countArgument } from '../count-arguments.ts'
import { fail, wrongArity } from '../errors.ts'
import { array, bulk, integer, nullArray, nullBulk } from '../reply.ts'
import { List } from './list.ts'

/** Adding and removing at the ends. */

export type End = 'head' | 'tail'

const list = new List()

export function push(list: List, call: Call, end: End, element: Uint8Array): void {
  if (end === 'head') list.pushHead(call, element)
  else list.pushTail(call, element)
}

/** Writes `count` elements from an end, the outermost first, each as a reply, and removes them; `count` up to `length`. */
export function popInto(list: List, call: Call, end: End, count: number): void {
  if (count === 1) {
    bulk(call, list.at(call, end === 'head' ? 0 : list.length - 1))
  } else {
    const { length } = list
    const elements = end === 'head' ? list.elements(call, 0, count) : list.elements(call, length - count, length, true)
    while (elements.next()) bulk(call, elements.value)
  }
  if (end === 'head') list.dropHead(call, count)
  else list.dropTail(call, count)
  list.save(call)
}

function pushAll(call: Call, end: End): void {
  const { args } = call
  for (let i = 2; i < args.count; i++) push(list, call, end, args.slice(i))
  list.save(call)
  integer(call, list.length)
}

function pushCommand(end: End) {
  return (call: Call): void => {
    list.open(call, 1)
    pushAll(call, end)
  }
}
export const lpush = pushCommand('head')
export const rpush = pushCommand('tail')

function pushExistingCommand(end: End) {
  return (call: Call): void => {
    if (list.open(call, 1)) pushAll(call, end)
    else integer(call, 0)
  }
}
export const lpushx = pushExistingCommand('head')
export const rpushx = pushExistingCommand('tail')

function popCommand(command: string, end: End) {
  return (call: Call): void => {
    const { args } = call
    if (args.count > 3) throw fail(wrongArity(command))
    if (args.count === 2) {
      if (list.open(call, 1)) popInto(list, call, end, 1)
      else nullBulk(call)
      return
    }
    const wanted = countArgument(args, 2)
    if (!list.open(call, 1)) {
      nullArray(call)
      return
    }
    const count = Math.min(wanted, list.length)
    array(call, count)
    if (count > 0) popInto(list, call, end, count)
  }
}
export const lpop = popCommand('lpop', 'head')
export const rpop = popCommand('rpop', 'tail')
