import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { createNodeHost } from './index.ts'
import { lockName, lockRoot } from './root-lock.ts'

function inRoot(body: (root: string, lock: string) => void | Promise<void>) {
  return async () => {
    const root = mkdtempSync(join(tmpdir(), 'unum-lock-'))
    try {
      await body(root, join(root, lockName))
    } finally {
      rmSync(root, { recursive: true })
    }
  }
}

test(
  'a root is locked once, and free again after its release',
  inRoot((root, file) => {
    const lock = lockRoot(root)
    assert.match(readFileSync(file, 'utf8'), new RegExp(`^${process.pid} `))
    assert.throws(() => lockRoot(root), { code: 'CONFIGURATION_INVALID', message: /this one/ })
    lock.release()
    lock.release()
    assert.ok(!existsSync(file))
    lockRoot(root).release()
    assert.deepEqual(readdirSync(root), [])
  }),
)

test(
  'the lock of a live process is respected',
  inRoot((root, file) => {
    writeFileSync(file, `${process.ppid} -\n`)
    assert.throws(() => lockRoot(root), {
      code: 'CONFIGURATION_INVALID',
      message: new RegExp(`process ${process.ppid} `),
    })
    assert.equal(readFileSync(file, 'utf8'), `${process.ppid} -\n`)
    assert.deepEqual(readdirSync(root), [lockName])
  }),
)

for (const [what, text] of [
  ['of a process that is gone', '4194304 5\n'],
  ['of an earlier process with our number', `${process.pid} 1\n`],
  ['that was never finished', ''],
  ['of garbage', '\0\xff not a number'],
  ['of a number that means a group of processes', '-1 5\n'],
] as const) {
  test(
    `a lock ${what} is taken over`,
    inRoot((root, file) => {
      writeFileSync(file, text)
      const lock = lockRoot(root)
      assert.match(readFileSync(file, 'utf8'), new RegExp(`^${process.pid} `))
      lock.release()
      assert.deepEqual(readdirSync(root), [])
    }),
  )
}

test(
  'a lock whose number belongs to a younger process is taken over, where the system tells the start',
  { skip: process.platform !== 'linux' },
  inRoot((root, file) => {
    writeFileSync(file, `${process.ppid} 1\n`)
    lockRoot(root).release()
  }),
)

test(
  'a host holds its root, which it makes, until it is closed; its disk does not show the lock',
  inRoot(async (parent) => {
    const root = join(parent, 'a/b')
    const host = createNodeHost({ root })
    assert.throws(() => createNodeHost({ root }), { code: 'CONFIGURATION_INVALID' })
    assert.deepEqual(await host.disk.list(''), [])
    assert.ok(existsSync(join(root, lockName)))
    await host.close()
    await host.close()
    await createNodeHost({ root }).close()
  }),
)

test(
  'a root that cannot be made is an error that says so',
  inRoot((parent) => {
    writeFileSync(join(parent, 'file'), '')
    assert.throws(() => createNodeHost({ root: join(parent, 'file/root') }), {
      code: 'DISK_FAILED',
      message: /file\/root/,
    })
  }),
)
