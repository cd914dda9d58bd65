import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type EtcdSide, etcdProgram } from '../sides/etcd.ts'
import { freePorts } from '../sides/ports.ts'
import { Child, signal } from '../tools/child.ts'
import { childrenOf } from '../tools/proc.ts'
import { whenAnswers } from './when-answers.ts'

const readyMsMax = 60_000
const tracedStopMsMax = 10_000

/**
 * Three nodes with the flags of the peers' own script, because here each one finds the others elsewhere than they listen: behind the
 * relays; and because their syncs are slowed down by a tracer.
 * @param tracer a command with its arguments, before the program's own; empty for none
 */
export async function startEtcdByHand(
  dataFolder: string,
  peerPorts: readonly number[],
  reachedAt: readonly number[],
  tracer: readonly string[],
): Promise<EtcdSide> {
  const folder = mkdtempSync(join(dataFolder, 'etcd-'))
  const clientPorts = await freePorts(peerPorts.length)
  const url = (port: number) => `http://127.0.0.1:${port}`
  const cluster = reachedAt.map((port, k) => `n${k}=${url(port)}`).join(',')
  const children = peerPorts.map((port, k) => {
    const client = url(clientPorts[k]!)
    const [command, ...args] = [
      ...[...tracer, etcdProgram(), '--name', `n${k}`, '--data-dir', join(folder, `n${k}`)],
      ...['--listen-client-urls', client, '--advertise-client-urls', client],
      ...['--listen-peer-urls', url(port), '--initial-advertise-peer-urls', url(reachedAt[k]!)],
      ...['--initial-cluster', cluster, '--initial-cluster-token', 'peer', '--quota-backend-bytes', '8000000000'],
    ]
    return new Child(command!, args)
  })
  const stop = async () => {
    // A tracer ends when what it traces has ended, and clears it away.
    if (tracer.length > 0)
      for (const { pid } of children) for (const traced of childrenOf(pid)) signal(traced, 'SIGTERM')
    const orderly = Promise.all(children.map(({ ended }) => ended))
    if (tracer.length > 0) await Promise.race([orderly, sleep(tracedStopMsMax, undefined, { ref: false })])
    await Promise.all(children.map((child) => child.stop()))
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    for (const port of clientPorts)
      await whenAnswers(`${url(port)}/health`, (text) => text.includes('"true"'), readyMsMax)
  } catch (error) {
    await stop()
    throw error
  }
  const endpoints = clientPorts.map((port) => `127.0.0.1:${port}`).join(',')
  const servers = children.map(({ pid }) => pid)
  return { name: 'etcd', version: '', servers, endpoints, [Symbol.asyncDispose]: stop }
}
