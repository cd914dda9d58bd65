import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { ClusterProcess } from '../testing/cluster-process.ts'

/** What a program in Python does with redis-py, which is not ours: through node 1, read through node 3. */
const program = `
import json, sys, redis
ports = [int(port) for port in sys.argv[1:]]
def client(node, **options):
    return redis.Redis(host='127.0.0.1', port=ports[node], **options)
one, three = client(0), client(2, decode_responses=True)
said = {}

pipe = one.pipeline(transaction=False)
for i in range(1000):
    pipe.set(f'p:{i}', i)
    pipe.get(f'p:{i}')
replies = pipe.execute()
said['pipeline'] = replies[0::2] == [True] * 1000 and replies[1::2] == [str(i).encode() for i in range(1000)]
said['read at another node'] = three.mget([f'p:{i}' for i in range(1000)]) == [str(i) for i in range(1000)]

with one.pipeline() as multi:
    multi.set('m', 1).incr('m', 41).rpush('l', 'a', 'b').lrange('l', 0, -1)
    said['multi'] = multi.execute() == [True, 42, 2, [b'a', b'b']]
with one.pipeline() as multi:
    multi.set('m', 5).lpush('m', 'x').incr('m')
    replies = multi.execute(raise_on_error=False)
    said['multi with an error'] = replies[0] is True and isinstance(replies[1], redis.ResponseError) and replies[2] == 6

def watched(disturb):
    with one.pipeline() as multi:
        multi.watch('w')
        value = int(multi.get('w') or 0)
        if disturb:
            three.set('w', 100)
        multi.multi()
        multi.set('w', value + 1)
        try:
            return multi.execute()
        except redis.WatchError:
            return 'conflict'
said['watch'] = watched(False) == [True] and watched(True) == 'conflict' and three.get('w') == '100'

binary = bytes(range(256)) * 40
one.set(binary, binary, ex=100)
said['any bytes'] = client(1).get(binary) == binary and 90 < one.ttl(binary) <= 100
newer = client(1, protocol=3)
newer.hset('h', mapping={'a': '1', 'b': '2'})
newer.zadd('z', {'x': 1.5, 'y': -2})
said['RESP3'] = newer.hgetall('h') == {b'a': b'1', b'b': b'2'} and [
    [member, score] for member, score in newer.zrange('z', 0, -1, withscores=True)] == [[b'y', -2.0], [b'x', 1.5]]
said['scan'] = sorted(three.scan_iter(match='p:99?', count=100)) == [f'p:99{i}' for i in range(10)]
print(json.dumps(said))
`

const isMissing = spawnSync('python3', ['-c', 'import redis']).status !== 0
const skip = isMissing && 'Python’s redis package is not installed: a foreign client is NOT tried'

test('a program in Python uses three nodes as one Redis', { skip, timeout: 60_000 }, async () => {
  const data = mkdtempSync(join(tmpdir(), 'unum-python-'))
  try {
    await using cluster = await ClusterProcess.start(data)
    const ports = cluster.nodes.map(({ endpoints }) => endpoints.redis.split(':')[1]!)
    const { stdout, stderr, status } = spawnSync('python3', ['-c', program, ...ports], {
      encoding: 'utf8',
      timeout: 40_000,
    })
    assert.equal(status, 0, stderr)
    const said = JSON.parse(stdout) as Record<string, boolean>
    assert.deepEqual(
      Object.entries(said).filter(([, holds]) => !holds),
      [],
    )
    assert.equal(Object.keys(said).length, 8)
    assert.equal(await cluster.stop(), 0)
  } finally {
    rmSync(data, { recursive: true, force: true, maxRetries: 20 })
  }
})
