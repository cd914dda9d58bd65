import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { ClusterProcess } from '../testing/cluster-process.ts'
import { TestClient } from '../testing/test-client.ts'
import { until } from '../testing/until.ts'

const mount = (...args: readonly string[]) => spawnSync('mount', args).status === 0
const valueBytes = 64 << 10

/** Writes until one is not acknowledged. */
async function fill(
  endpoint: string,
): Promise<{ readonly acknowledged: number[]; readonly refusal: string | undefined }> {
  const acknowledged: number[] = []
  using client = await TestClient.connect(endpoint)
  for (let i = 0; i < 1000; i++) {
    try {
      const reply = await client.send('SET', `key ${i}`, 'x'.repeat(valueBytes))
      if (reply !== 'OK') return { acknowledged, refusal: reply }
      acknowledged.push(i)
    } catch (error) {
      return { acknowledged, refusal: (error as Error).message }
    }
  }
  return { acknowledged, refusal: undefined }
}

suite('a disk that is full', { timeout: 120_000 }, () => {
  test('refuses writes with a reason; with room again all that was acknowledged is there, and writes go on', async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'unum-full-'))
    t.after(() => {
      spawnSync('umount', [folder], { stdio: 'ignore' })
      rmSync(folder, { recursive: true, force: true, maxRetries: 20 })
    })
    if (!mount('-t', 'tmpfs', '-o', 'size=24m', 'tmpfs', folder)) {
      t.skip('no small file system can be mounted here: a full disk is NOT tried')
      return
    }
    await using cluster = await ClusterProcess.start(join(folder, 'data'), '--nodes', '1')
    const endpoint = cluster.endpoint('n1')
    const { acknowledged, refusal } = await fill(endpoint)
    t.diagnostic(`after ${acknowledged.length} writes: ${refusal}`)
    assert.ok(refusal, 'a disk of 24 MiB took 64 MiB')
    assert.ok(acknowledged.length > 20, `${acknowledged.length} writes were acknowledged`)
    // The write that met the full disk may be finished when there is room: it gets no answer. The next ones are told why not.
    await until('writes to be refused', async () => {
      using client = await TestClient.connect(endpoint)
      return /MISCONF .*no space left/.test(await client.send('SET', 'further', 'x'.repeat(valueBytes)))
    })
    using reader = await TestClient.connect(endpoint)
    assert.equal(await reader.send('STRLEN', 'key 0'), `(integer) ${valueBytes}`)

    assert.ok(mount('-o', 'remount,size=256m', folder))
    const lengths = await until('the node to answer with everything', async () => {
      using client = await TestClient.connect(endpoint)
      return await Promise.all(acknowledged.map((i) => client.send('STRLEN', `key ${i}`)))
    })
    assert.deepEqual(new Set(lengths), new Set([`(integer) ${valueBytes}`]))
    await until('writes to go on', async () => {
      using client = await TestClient.connect(endpoint)
      return (await client.send('SET', 'after', '1')) === 'OK'
    })
    assert.equal(cluster.eventsOf('n1', 'ended').length, 0)
    assert.equal(await cluster.stop(), 0)
  })
})
