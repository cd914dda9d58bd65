import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readFigures } from './redis-benchmark.ts'

const printed = `
====== SET ======
  20000 requests completed in 0.47 seconds
  10 parallel clients

Latency by percentile distribution:
0.000% <= 0.047 milliseconds (cumulative count 1)
50.000% <= 0.143 milliseconds (cumulative count 10142)
99.805% <= 0.487 milliseconds (cumulative count 19961)
99.902% <= 4.383 milliseconds (cumulative count 19981)
100.000% <= 6.743 milliseconds (cumulative count 20000)

Cumulative distribution of latencies:
99.450% <= 0.303 milliseconds (cumulative count 19890)
100.000% <= 7.103 milliseconds (cumulative count 20000)

Summary:
  throughput summary: 43010.75 requests per second
  latency summary (msec):
          avg       min       p50       p95       p99       max
        0.154     0.040     0.143     0.223     0.279     6.743
`

test('what redis-benchmark prints is read', () => {
  const expected = { opsPerSec: 43010.75, p50Ms: 0.143, p99Ms: 0.279, p999Ms: 4.383, maxMs: 6.743 }
  assert.deepEqual(readFigures(printed), expected)
})

test('what it prints when the server refuses is no result', () => {
  assert.throws(() => readFigures('Error from server: ERR unknown command'), /unknown command/)
})
