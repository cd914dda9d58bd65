import { redis, redisThatRuns, runnable } from '#datastores/redis/index.ts'
import type { Service } from '#kernel/handles/service.ts'
import type { EvaluatorSpec } from '#kernel/shards/evaluation.ts'
import type { ProtocolVersions } from '#kernel/transport/index.ts'
import { kafka } from '#messaging/kafka/index.ts'

/** A version of the program, as far as nodes of another one notice it. */
export interface Release {
  readonly services: readonly Service[]
  readonly protocolVersions: ProtocolVersions
}

/**
 * The program as it is, and one that is to come: it speaks a further version of the protocol between nodes, and runs a further one
 * of every command.
 */
export const releases: readonly Release[] = [
  { services: [redis], protocolVersions: { min: 1, max: 1 } },
  {
    services: [redisThatRuns(runnable.flatMap((command) => [command, { ...command, version: command.version + 1 }]))],
    protocolVersions: { min: 1, max: 2 },
  },
]

/** The same releases, with topics for Kafka's clients. */
export function withTopics(releases: readonly Release[]): readonly Release[] {
  return releases.map((release) => ({ ...release, services: [...release.services, kafka] }))
}

/** The same releases, with `ran` told the version of everything that is evaluated. */
export function watched(releases: readonly Release[], ran: (version: string) => void): readonly Release[] {
  const watchedSpec = (spec: EvaluatorSpec): EvaluatorSpec => {
    const version = spec.name.slice(spec.name.lastIndexOf('@') + 1)
    return {
      ...spec,
      run: (evaluation, args, reply) => {
        ran(version)
        spec.run(evaluation, args, reply)
      },
    }
  }
  return releases.map(({ services, protocolVersions }) => ({
    services: services.map((service) => ({ ...service, evaluators: service.evaluators.map(watchedSpec) })),
    protocolVersions,
  }))
}
