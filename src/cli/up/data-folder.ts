/**
 * The folder that `unum up` keeps a cluster in: `cluster.json` says which cluster, `.lock` which process runs it, and
 * every node has a folder of its own.
 */
import { randomBytes } from 'node:crypto'
import { closeSync, fsyncSync, mkdirSync, openSync, readdirSync, readFileSync, renameSync, writeSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { lockRoot } from '#host/node/root-lock.ts'
import { UnumError } from '#kernel/base/errors.ts'
import { Failure } from '../failure.ts'
import { shardsMax } from './limits.ts'

/** `cluster.json`. Described in docs/formats/data-folder.md. */
export interface ClusterFile {
  readonly format: 1
  readonly clusterId: string
  readonly nodes: readonly { readonly name: string; readonly zone: string }[]
  /** When it was created: shards split later. */
  readonly shards: number
  /** All nodes have been ready once: from then on an empty node folder is a loss and no first start. */
  readonly formed: boolean
}

export interface DataFolder {
  /** Absolute. */
  readonly path: string
  readonly cluster: ClusterFile
  folderOf(node: string): string
  markFormed(): void
  release(): void
}

const format = 1
const nodesDefault = 3
const shardsDefault = 1
const zones = 'abcdefg'

/** Asked for on the command line; undefined: whatever the data says. */
export interface Wanted {
  readonly nodes: number | undefined
  readonly shards: number | undefined
}

/** Opens the folder, or makes a new cluster in it when it is empty or not there. */
export function openDataFolder(given: string, wanted: Wanted): DataFolder {
  const path = resolve(given)
  const lock = lockFolder(path)
  try {
    let cluster = readCluster(path)
    if (cluster === undefined) {
      refuseForeignFolder(path)
      cluster = newCluster(wanted.nodes ?? nodesDefault, wanted.shards ?? shardsDefault)
      writeCluster(path, cluster)
    } else refuseOtherShape(path, cluster, wanted)
    const folderOf = (node: string) => join(path, node)
    for (const { name } of cluster.nodes) mkdirSync(folderOf(name), { recursive: true })
    const markFormed = () => {
      if (!cluster.formed) writeCluster(path, { ...cluster, formed: true })
    }
    return { path, cluster, folderOf, markFormed, release: () => lock.release() }
  } catch (error) {
    lock.release()
    throw error
  }
}

function lockFolder(path: string): { release(): void } {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 })
    return lockRoot(path)
  } catch (error) {
    const { message } = error as Error
    const text = error instanceof UnumError ? message : `Cannot use "${path}" for data: ${message}`
    throw new Failure(`${text}; --data gives another one`, { cause: error })
  }
}

function readCluster(path: string): ClusterFile | undefined {
  const file = join(path, 'cluster.json')
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
  return parseCluster(text, file)
}

/** What `text`, the content of `file`, says. @throws Failure */
export function parseCluster(text: string, file: string): ClusterFile {
  let cluster: Partial<ClusterFile> | null
  try {
    cluster = JSON.parse(text)
  } catch {
    throw new Failure(
      `${file} is damaged: it is not JSON. It names the cluster; restore it, or give another folder with --data`,
    )
  }
  if (typeof cluster?.format === 'number' && cluster.format > format) {
    throw new Failure(
      `${file} has format ${cluster.format}, written by a newer version of Unum; this one knows format ${format}: use the newer version`,
    )
  }
  if (!isClusterFile(cluster)) {
    throw new Failure(
      `${file} is damaged: it describes no cluster of format ${format}. Restore it, or give another folder with --data`,
    )
  }
  return cluster
}

/** There is no checksum in a file that people may look into: every field is compared with what can be in it. */
function isClusterFile(value: Partial<ClusterFile> | null): value is ClusterFile {
  if (value?.format !== format) return false
  const { clusterId, nodes, shards, formed } = value
  if (typeof clusterId !== 'string' || !/^[0-9a-f]{32}$/.test(clusterId)) return false
  const areNodes =
    Array.isArray(nodes) &&
    nodes.length >= 1 &&
    nodes.length <= zones.length &&
    nodes.every((node, k) => node?.name === `n${k + 1}` && node.zone === zones[k])
  const areShards = Number.isInteger(shards) && shards! >= 1 && shards! <= shardsMax
  return areNodes && areShards && typeof formed === 'boolean'
}

/** Somebody's home folder given by mistake must not fill up with ours. */
function refuseForeignFolder(path: string): void {
  const others = readdirSync(path).filter((name) => !name.startsWith('.') && name !== 'lost+found')
  if (others.length === 0) return
  throw new Failure(
    `${path} is not empty and has no cluster.json, so its content (${others.slice(0, 3).join(', ')}${others.length > 3 ? ', …' : ''}) is not Unum's: give an empty or a new folder with --data`,
  )
}

function refuseOtherShape(path: string, cluster: ClusterFile, wanted: Wanted): void {
  const has = cluster.nodes.length
  if (wanted.nodes !== undefined && wanted.nodes !== has) {
    throw new Failure(
      `the cluster in ${path} has ${counted(has, 'node')} and cannot become one of ${wanted.nodes} yet: leave --nodes out, or give another folder with --data`,
    )
  }
  if (wanted.shards !== undefined && wanted.shards !== cluster.shards) {
    throw new Failure(
      `the cluster in ${path} was created with ${counted(cluster.shards, 'shard')}, not ${wanted.shards}: leave --shards out, or give another folder with --data`,
    )
  }
}

const counted = (count: number, noun: string) => `${count} ${noun}${count === 1 ? '' : 's'}`

function newCluster(nodes: number, shards: number): ClusterFile {
  const named = Array.from({ length: nodes }, (_, k) => ({ name: `n${k + 1}`, zone: zones[k]! }))
  return { format, clusterId: randomBytes(16).toString('hex'), nodes: named, shards, formed: false }
}

/** Durable on return, old or new as a whole. */
function writeCluster(path: string, cluster: ClusterFile): void {
  const written = join(path, 'cluster.json.new')
  withFile(written, 'w', (file) => {
    writeSync(file, `${JSON.stringify(cluster, null, 2)}\n`)
    fsyncSync(file)
  })
  renameSync(written, join(path, 'cluster.json'))
  withFile(path, 'r', fsyncSync)
}

function withFile(path: string, flags: string, use: (file: number) => void): void {
  const file = openSync(path, flags)
  try {
    use(file)
  } finally {
    closeSync(file)
  }
}
