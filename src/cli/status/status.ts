import { styleText } from 'node:util'
import { formatAddress, parseAddress } from '../address.ts'
import { table } from '../table.ts'
import { standardPorts } from '../up/ports.ts'
import type { ClusterStatus, NodeRow, ShardRow } from './gather.ts'
import { gatherStatus } from './gather.ts'

/** `unum status`: a running cluster, as its nodes see it. */
export async function status(options: { readonly at?: string; readonly json?: true }): Promise<void> {
  const found = await gatherStatus(options.at === undefined ? standardAdmins() : [adminOf(options.at)])
  process.stdout.write(options.json ? `${JSON.stringify(found)}\n` : `${describe(found)}\n`)
}

const adminOf = (text: string) => `http://${formatAddress(parseAddress(text.replace(/^http:\/\/|\/$/g, '')))}`

/** Any of the nodes may be the one that is down. */
const standardAdmins = () => Array.from({ length: 7 }, (_, k) => `http://127.0.0.1:${standardPorts.admin + k}`)

function describe({ clusterId, nodes, shards }: ClusterStatus): string {
  return [
    `${styleText('bold', 'cluster')} ${clusterId}`,
    '',
    table(['node', 'zone', 'state', 'redis', 'admin', 'log', 'tables'], nodes.map(nodeCells)),
    '',
    table(['shard', 'space', 'slots', 'leader', 'term', 'committed', 'lag in entries'], shards.map(shardCells)),
  ].join('\n')
}

function nodeCells({ name, zone, answers, endpoints, disk }: NodeRow): string[] {
  const state = answers ? styleText('green', 'up') : styleText('red', 'no answer')
  const sizes = [disk?.logBytes, disk?.tableBytes].map((bytes) => (bytes === undefined ? '' : size(bytes)))
  return [name, zone, state, endpoints.redis ?? '', endpoints.admin ?? '', ...sizes]
}

function shardCells({ group, space, firstSlot, lastSlot, leader, term, commitIndex, lag }: ShardRow): string[] {
  const lags = Object.entries(lag ?? {}).map(([node, entries]) => `${node} ${entries}`)
  const slots = `${firstSlot}-${lastSlot}`
  const leaderText = leader ?? styleText('red', 'none')
  return [String(group), space, slots, leaderText, String(term), String(commitIndex), lags.join(', ')]
}

/** `1.5 MB`, in powers of ten. */
function size(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  let value = bytes
  let unit = 0
  for (; value >= 1000 && unit < units.length - 1; unit++) value /= 1000
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`
}
