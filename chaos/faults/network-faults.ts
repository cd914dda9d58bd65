import { setTimeout as sleep } from 'node:timers/promises'
import { clientsPlace, type Link, linksBetween } from '../network/chaos-network.ts'
import type { Fault, FaultSite } from './site.ts'
import { cut, shuffledNames } from './site.ts'

/** Half the time the clients are on the other side as well; else they reach the group and everybody. */
function othersOf({ cluster, random }: FaultSite, group: readonly string[]): string[] {
  const others = cluster.names.filter((name) => !group.includes(name))
  return random.below(2) === 0 ? [...others, clientsPlace] : others
}

export const networkFaults = {
  isolate: {
    description: 'one node is cut off from all others, both ways',
    weight: 3,
    holdMs: [300, 6000],
    sparesMajority: true,
    async begin(site) {
      const [name] = shuffledNames(site)
      return cut(site, linksBetween([name!], othersOf(site, [name!])))
    },
  },
  'isolate-leader': {
    description: 'the leader is cut off from all others and goes on hearing clients',
    weight: 2,
    holdMs: [300, 4000],
    sparesMajority: true,
    async begin(site) {
      const leader = await site.cluster.leader()
      if (leader === undefined) return undefined
      const others = site.cluster.names.filter((name) => name !== leader)
      return cut(site, linksBetween([leader], others))
    },
  },
  'one-way': {
    description: 'what one node sends, or what is sent to it, does not arrive at some or all others',
    weight: 3,
    holdMs: [300, 6000],
    async begin(site) {
      const [name, ...rest] = shuffledNames(site)
      const far = rest.slice(site.random.below(rest.length))
      const isOutward = site.random.below(2) === 0
      return cut(
        site,
        far.map((other): Link => (isOutward ? [name!, other] : [other, name!])),
      )
    },
  },
  partial: {
    description: 'two nodes do not hear each other; all others hear both',
    weight: 2,
    holdMs: [300, 6000],
    async begin(site) {
      const [a, b] = shuffledNames(site)
      return b === undefined ? undefined : cut(site, linksBetween([a!], [b]))
    },
  },
  'split-all': {
    description: 'no node hears any other; clients reach all',
    weight: 1,
    holdMs: [300, 3000],
    async begin(site) {
      const { names } = site.cluster
      return cut(
        site,
        names.flatMap((a) => names.filter((b) => b !== a).map((b): Link => [a, b])),
      )
    },
  },
  flap: {
    description: 'the links of one node are cut and whole in quick turns',
    weight: 1,
    holdMs: [1000, 5000],
    async begin(site) {
      const [name] = shuffledNames(site)
      const links = linksBetween([name!], othersOf(site, [name!]))
      site.note(`${name} flaps`)
      let isOver = false
      const loop = async () => {
        while (!isOver) {
          const heal = site.links.disturb(links, 'cut')
          await sleep(site.random.float() * 300)
          heal()
          await sleep(site.random.float() * 300)
        }
      }
      const looping = loop()
      return async () => {
        isOver = true
        await looping
      }
    },
  },
  slow: {
    description: 'what one node sends and is sent is slow',
    weight: 2,
    holdMs: [1000, 8000],
    async begin(site) {
      const [name] = shuffledNames(site)
      const others = site.cluster.names.filter((other) => other !== name)
      site.note(`${name}'s links are slow`)
      return site.links.disturb(linksBetween([name!], others), 'slow')
    },
  },
} as const satisfies Record<string, Fault>
