import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { testClock } from '../compliance/clock.ts'
import { testDisk } from '../compliance/disk.ts'
import { testNetwork } from '../compliance/network.ts'
import type { RunWithSubject } from '../compliance/subject.ts'
import { testUsage } from '../compliance/usage.ts'
import { createNodeHost } from './index.ts'

const onSystem: RunWithSubject = async (body) => {
  const root = mkdtempSync(join(tmpdir(), 'unum-host-'))
  const host = createNodeHost({ root })
  try {
    await body({ host, other: host, hostName: '127.0.0.1' })
  } finally {
    await host.close()
    rmSync(root, { recursive: true })
  }
}

testDisk('node', onSystem)
testClock('node', onSystem)
testNetwork('node', onSystem)
testUsage('node', onSystem)
