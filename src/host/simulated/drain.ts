/**
 * Draining microtasks between two simulated events: all promise continuations that an event caused have run before the next
 * one.
 *
 * A macrotask hop does it everywhere, at 0.8 µs an event in Node and more in a browser. Node's `process._tickCallback`, which it
 * runs itself after every macrotask, does the same from within one, at 0.05 µs; it is undocumented, so it is used only where
 * it was seen to work. Both drain everything, so the order of what runs is the same.
 */
export type Drain = () => void

/** Must be called from a macrotask: inside a microtask the engine does not drain again. */
export function findSynchronousDrain(): Drain | undefined {
  const runtime = (globalThis as { process?: { _tickCallback?: unknown } }).process
  const tick = runtime?._tickCallback
  if (typeof tick !== 'function') return undefined
  const drain: Drain = () => tick.call(runtime)
  let steps = 0
  const chain = async () => {
    await undefined
    steps++
    await Promise.resolve().then(() => undefined)
    steps++
  }
  void chain()
  drain()
  return steps === 2 ? drain : undefined
}

let hopper: ((callback: () => void) => void) | undefined

/** Runs `callback` in a macrotask of its own. */
export function hop(callback: () => void): void {
  hopper ??= makeHopper()
  hopper(callback)
}

function makeHopper(): (callback: () => void) => void {
  const immediate = (globalThis as { setImmediate?: (callback: () => void) => void }).setImmediate
  if (immediate) return (callback) => immediate(callback)
  const channel = new MessageChannel()
  const queue: (() => void)[] = []
  channel.port1.onmessage = () => queue.shift()?.()
  return (callback) => {
    queue.push(callback)
    channel.port2.postMessage(undefined)
  }
}
