import { testClock } from '../compliance/clock.ts'
import { testDisk } from '../compliance/disk.ts'
import { testNetwork } from '../compliance/network.ts'
import type { RunWithSubject } from '../compliance/subject.ts'
import { testUsage } from '../compliance/usage.ts'
import { createMemoryHost, InProcessNetwork, MemoryDisk } from './index.ts'

const inMemory: RunWithSubject = async (body) => {
  const links = new InProcessNetwork()
  const host = createMemoryHost({ disk: new MemoryDisk() })
  const other = createMemoryHost({ disk: new MemoryDisk() })
  await body({ host: links.join('n1', host).host, other: links.join('n2', other).host, hostName: 'memory:n1' })
  await Promise.all([host.close(), other.close()])
}

testDisk('memory', inMemory)
testClock('memory', inMemory)
testNetwork('memory', inMemory)
testUsage('memory', inMemory)
