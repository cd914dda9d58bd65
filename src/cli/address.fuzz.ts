import { InvalidArgumentError } from 'commander'
import { latin1Bytes, latin1Text } from '#kernel/base/bytes.ts'
import { bucket, check, committedCorpus, type FuzzTarget } from '#kernel/base/testing/fuzz/index.ts'
import { formatAddress, parseAddress } from './address.ts'
import { Failure } from './failure.ts'
import { integer } from './integer.ts'

function refused<T>(act: () => T, refusal: typeof Failure | typeof InvalidArgumentError): T | undefined {
  try {
    return act()
  } catch (error) {
    if (error instanceof refusal) return undefined
    throw error
  }
}

/** Addresses and numbers as they are typed. */
const target: FuzzTarget = {
  name: 'cli-arguments',
  family: 'cli',
  refusals: [],
  inputBytesMax: 64,
  dictionary: [':', '[', ']', '::1', 'localhost', '0x', 'e', '65536', '9007199254740992'],
  corpus: () => [
    ...['127.0.0.1:6379', '[::1]:7', ':80', '80', 'a.example:65535', '', '1024', '-1', '0x10', '1e3'].map(latin1Bytes),
    ...committedCorpus(import.meta.dirname, 'cli-arguments'),
  ],
  run(input) {
    const text = latin1Text(input)
    const address = refused(() => parseAddress(text), Failure)
    if (address) {
      const { host, port } = address
      check(Number.isInteger(port) && port >= 1 && port <= 65_535 && host !== '', 'an address has a host and a port')
      const again = parseAddress(formatAddress(address))
      check(again.host === host && again.port === port, 'an address is written as it was read')
    }
    const number = refused(() => integer(0, Number.MAX_SAFE_INTEGER)(text), InvalidArgumentError)
    if (number !== undefined) check(BigInt(text) === BigInt(number), 'a number is what its digits say')
    const few = refused(() => integer(1, 7)(text), InvalidArgumentError)
    check((few !== undefined) === (number !== undefined && number >= 1 && number <= 7), 'bounds hold')
    return `${address ? bucket(address.port) : '-'} ${number === undefined ? '-' : bucket(number)}`
  },
}

export const targets = [target]
