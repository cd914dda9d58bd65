import { randomFillSync } from 'node:crypto'

/** Makes SET and GET requests in the Redis protocol: keys as redis-benchmark's, values from random bytes. */
export class Requests {
  readonly #get = Buffer.from('*2\r\n$3\r\nGET\r\n$16\r\nkey:000000000000\r\n')
  readonly #set: Buffer
  readonly #pool: Buffer
  readonly #valueBytes: number
  readonly #valueAt: number

  constructor(valueBytes: number) {
    const head = `*3\r\n$3\r\nSET\r\n$16\r\nkey:000000000000\r\n$${valueBytes}\r\n`
    this.#valueBytes = valueBytes
    this.#valueAt = head.length
    this.#set = Buffer.concat([Buffer.from(head), Buffer.alloc(valueBytes), Buffer.from('\r\n')])
    this.#pool = randomFillSync(Buffer.allocUnsafeSlow(valueBytes + 65_536))
  }

  get(key: number): Buffer {
    return keyed(this.#get, key)
  }

  set(key: number): Buffer {
    const request = keyed(this.#set, key)
    const from = Math.floor(Math.random() * 65_536)
    this.#pool.copy(request, this.#valueAt, from, from + this.#valueBytes)
    return request
  }
}

/** Where the digits of the key are, in both requests. */
const digitsAt = '*2\r\n$3\r\nGET\r\n$16\r\nkey:'.length
const digits = 12

/** A copy of the template with the key's number in it. */
function keyed(template: Buffer, key: number): Buffer {
  const request = Buffer.allocUnsafe(template.length)
  template.copy(request)
  let rest = key
  for (let at = digitsAt + digits - 1; at >= digitsAt; at--) {
    request[at] = 0x30 + (rest % 10)
    rest = Math.floor(rest / 10)
  }
  return request
}
