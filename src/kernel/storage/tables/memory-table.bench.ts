import { hashKey } from './bloom-filter.ts'
import { MemoryTable } from './memory-table.ts'

/** Puts and gets of 100,000 rows in random order: 20-byte keys, 100-byte values. */
const rows = 100_000
const keys: Uint8Array[] = []
let x = 12_345
for (let i = 0; i < rows; i++) {
  x = (Math.imul(x, 1_103_515_245) + 12_345) >>> 0
  keys.push(new TextEncoder().encode(`key:${String(x % 1_000_000_000).padStart(16, '0')}`))
}
const value = new Uint8Array(100).fill(7)

function measure(name: string, run: () => void): void {
  const best = Array.from({ length: 5 }, () => {
    const startMs = process.cpuUsage().user / 1000
    run()
    return process.cpuUsage().user / 1000 - startMs
  }).sort((a, b) => a - b)[1]!
  console.log(`${name}: ${Math.round(rows / best)} k/s`)
}

let table = new MemoryTable()
measure('put', () => {
  table = new MemoryTable()
  for (const key of keys) table.put(key, value)
})
measure('overwrite', () => {
  for (const key of keys) table.put(key, value)
})
let bytes = 0
measure('get', () => {
  for (const key of keys) bytes += table.value(table.find(key, hashKey(key))).length
})
measure('scan', () => {
  const cursor = table.cursor()
  for (cursor.first(); cursor.valid; cursor.next()) bytes += cursor.keyEnd
})
console.log(bytes > 0 ? '' : 'nothing was read')
