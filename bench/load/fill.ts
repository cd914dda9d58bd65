import type { Endpoint } from '../sides/side.ts'
import { RespClient } from './resp-client.ts'

const silenceMsMax = 30_000
const pairsPerRequest = 50
const requestsInFlight = 16

/** Keys as redis-benchmark names them. */
export const keyName = (i: number) => `key:${String(i).padStart(12, '0')}`

/** Writes every key once, so that reads find something. */
export async function fill(endpoint: Endpoint, keys: number, valueBytes: number): Promise<void> {
  using client = new RespClient(endpoint, silenceMsMax)
  const value = 'x'.repeat(valueBytes)
  let next = 0
  const worker = async () => {
    while (next < keys) {
      const words = ['MSET']
      for (let i = 0; i < pairsPerRequest && next < keys; i++) words.push(keyName(next++), value)
      const reply = await client.send(...words)
      if (reply.kind === 'error') throw new Error(`Cannot write the keys: ${reply.text}`)
    }
  }
  await Promise.all(Array.from({ length: requestsInFlight }, worker))
}
