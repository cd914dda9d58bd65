import type { Assignment, Commit, TopicHistory } from '../../topics/topic-history.ts'

/**
 * Holds consumer groups to what their members rely on. It takes for granted that a member's commits of a partition rise within a
 * generation from what was committed when it began, and that one without an answer commits no more as that member.
 *
 * 1. In a generation a partition is given to one member at the most.
 * 2. A commit of a generation is refused once a later one was told of.
 * 3. Who asks for a group's offset is told one that was committed, and none below one that was acknowledged before.
 *
 * @returns what is wrong, for people
 */
export function checkGroups({ assignments, commits, committed }: TopicHistory): string[] {
  return [...doubleOwners(assignments), ...lateCommits(assignments, commits), ...stepsBack(commits, committed)]
}

function doubleOwners(assignments: readonly Assignment[]): string[] {
  const owners = new Map<string, string>()
  const violations: string[] = []
  for (const { group, generation, member, partitions } of assignments) {
    for (const partition of partitions) {
      const key = `${partition} in generation ${generation} of ${group}`
      const owner = owners.get(key) ?? member
      owners.set(key, owner)
      if (owner !== member) violations.push(`${key} is owned by ${owner} and by ${member}`)
    }
  }
  return violations
}

function lateCommits(assignments: readonly Assignment[], commits: readonly Commit[]): string[] {
  return commits.flatMap(({ group, generation, calledMs, member, partition, outcome }) => {
    if (outcome !== 'done') return []
    const later = assignments.find(
      (told) => told.group === group && told.generation > generation && told.toldMs < calledMs,
    )
    if (!later) return []
    return `${member} committed ${partition} for generation ${generation} of ${group}, after ${later.member} was told of generation ${later.generation}`
  })
}

function stepsBack(commits: readonly Commit[], committed: TopicHistory['committed']): string[] {
  const violations: string[] = []
  const all = Map.groupBy(commits, ({ group, partition }) => `${partition} of ${group}`)
  for (const { group, partition, offset, calledMs, returnedMs } of committed) {
    const of = all.get(`${partition} of ${group}`) ?? []
    const known = of.filter((commit) => commit.outcome === 'done' && commit.returnedMs < calledMs)
    const least = Math.max(-1, ...known.map((commit) => commit.offset))
    const isCommitted = of.some(
      (commit) => commit.offset === offset && commit.outcome !== 'refused' && commit.calledMs <= returnedMs,
    )
    if (offset < least) {
      violations.push(`${group} was said to have committed ${offset} of ${partition}, after ${least} was acknowledged`)
    } else if (offset !== -1 && !isCommitted) {
      violations.push(`${group} was said to have committed ${offset} of ${partition}, which nobody did`)
    }
  }
  return violations
}
