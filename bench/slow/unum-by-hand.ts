import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { NodeConfig } from '#cli/node/node-config.ts'
import { configVariable } from '#cli/node/node-config.ts'
import { freePorts } from '../sides/ports.ts'
import type { RedisSide } from '../sides/side.ts'
import { Child } from '../tools/child.ts'
import { compileCache, mainFile, node, root } from '../tools/root.ts'
import { whenAnswers } from './when-answers.ts'

const nodes = ['n1', 'n2', 'n3']
const readyMsMax = 30_000

/**
 * Three nodes, started one by one as `unum up` starts them, because here each one finds the others elsewhere than they listen:
 * behind the relays.
 * @param peerPorts where the nodes listen for each other  @param reachedAt where the others find them
 */
export async function startUnumByHand(
  dataFolder: string,
  peerPorts: readonly number[],
  reachedAt: readonly number[],
  env: Readonly<Record<string, string>>,
): Promise<RedisSide> {
  const folder = mkdtempSync(join(dataFolder, 'unum-'))
  const ports = await freePorts(nodes.length * 2)
  const clusterId = randomBytes(16).toString('hex')
  const host = '127.0.0.1'
  const endpoints = nodes.map((_, k) => ({ host, port: ports[2 * k]! }))
  const children = nodes.map((name, k) => {
    const config: NodeConfig = {
      ...{ name, clusterId, shards: 1, folder: join(folder, name) },
      members: nodes.map((member, i) => ({
        name: member,
        zone: 'abc'[i]!,
        peer: { host, port: (i === k ? peerPorts : reachedAt)[i]! },
      })),
      listen: { redis: endpoints[k]!, admin: { host, port: ports[2 * k + 1]! } },
    }
    return new Child(node, [mainFile, 'node', name], {
      cwd: root,
      env: { ...compileCache, ...env, [configVariable]: JSON.stringify(config) },
    })
  })
  const stop = async () => {
    await Promise.all(children.map((child) => child.stop()))
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    for (let k = 0; k < nodes.length; k++) {
      await whenAnswers(`http://${host}:${ports[2 * k + 1]}/readyz`, (text) => text.startsWith('ready'), readyMsMax)
    }
  } catch (error) {
    await stop()
    throw error
  }
  const servers = children.map(({ pid }) => pid)
  return { name: 'unum', version: 'this checkout', servers, endpoints, [Symbol.asyncDispose]: stop }
}
