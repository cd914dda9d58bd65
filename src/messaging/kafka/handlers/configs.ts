import type { Broker } from '../broker.ts'
import { configOperation, configSource, configType, resourceType } from '../protocol/enumerations.ts'
import { errorCode } from '../protocol/error-codes.ts'
import { settingProblem, topicSettings } from '../topic-settings.ts'
import type { HandlerOf } from './index.ts'

interface Resource {
  readonly resourceType: number
  readonly resourceName: string
}

export const describeConfigs: HandlerOf<'DescribeConfigs'> = (
  { resources, includeDocumentation },
  { broker, version },
) => ({
  results: resources.map(({ resourceType: type, resourceName, configurationKeys }) => {
    const answer = (code: number, errorMessage: string | null) => ({
      ...{ errorCode: code, errorMessage, resourceType: type, resourceName, configs: [] },
    })
    const problem = resourceProblem(broker, { resourceType: type, resourceName })
    if (problem) return answer(problem.code, problem.message)
    const wanted = (name: string) => configurationKeys === null || configurationKeys.includes(name)
    // Of a broker nothing can be set through this protocol yet.
    const rows = type === resourceType.topic ? [...topicSettings].filter(([name]) => wanted(name)) : []
    const settings = broker.topic(resourceName)?.settings ?? {}
    const configs = rows.map(([name, setting]) => {
      const own = settings[name]
      return {
        name,
        value: own ?? setting.default,
        readOnly: false,
        isSensitive: false,
        ...(version === 0
          ? { isDefault: own === undefined }
          : { configSource: own === undefined ? configSource.default : configSource.topic }),
        synonyms: [],
        configType: version < 3 ? 0 : configType[setting.type],
        documentation: version >= 3 && includeDocumentation ? setting.about : null,
      }
    })
    return { ...answer(errorCode.NONE, null), configs }
  }),
})

function resourceProblem(
  broker: Broker,
  { resourceType: type, resourceName }: Resource,
): { readonly code: number; readonly message: string } | undefined {
  if (type === resourceType.topic) {
    if (broker.topic(resourceName)) return undefined
    return { code: errorCode.UNKNOWN_TOPIC_OR_PARTITION, message: `There is no topic "${resourceName}"` }
  }
  if (type === resourceType.broker) {
    const isKnown = resourceName === '' || broker.brokers.some(({ nodeId }) => String(nodeId) === resourceName)
    return isKnown ? undefined : { code: errorCode.INVALID_REQUEST, message: `There is no broker "${resourceName}"` }
  }
  return { code: errorCode.INVALID_REQUEST, message: `Resources of type ${type} have no settings here` }
}

type Changes = Readonly<Record<string, string | null>>

/** @returns the answer about one resource, whose settings are changed unless something is wrong with them */
async function change(broker: Broker, resource: Resource, changes: Changes | string, validateOnly: boolean) {
  const answer = (code: number, errorMessage: string | null = null) => ({
    ...{ errorCode: code, errorMessage, resourceType: resource.resourceType, resourceName: resource.resourceName },
  })
  const problem = resourceProblem(broker, resource)
  if (problem) return answer(problem.code, problem.message)
  if (typeof changes === 'string') return answer(errorCode.INVALID_CONFIG, changes)
  if (resource.resourceType !== resourceType.topic) {
    return answer(errorCode.INVALID_REQUEST, 'Settings of brokers cannot be changed by this protocol yet')
  }
  for (const [name, value] of Object.entries(changes)) {
    const wrong = value === null ? undefined : settingProblem(name, value)
    if (wrong) return answer(errorCode.INVALID_CONFIG, wrong)
  }
  if (validateOnly) return answer(errorCode.NONE)
  const outcome = await broker.context.topics.change({ name: resource.resourceName, settings: changes })
  return outcome === 'done'
    ? answer(errorCode.NONE)
    : answer(errorCode.REQUEST_TIMED_OUT, 'The directory cannot be changed now')
}

export const incrementalAlterConfigs: HandlerOf<'IncrementalAlterConfigs'> = async (request, { broker }) => ({
  responses: await Promise.all(
    request.resources.map(({ configs, ...resource }) => {
      const changes: Record<string, string | null> = Object.create(null)
      let wrong: string | undefined
      for (const { name, configOperation: operation, value } of configs) {
        if (name in changes) wrong ??= `${name} is named more than once`
        if (operation === configOperation.delete) changes[name] = null
        else if (operation === configOperation.set && value !== null) changes[name] = value
        else wrong ??= `Operation ${operation} is not possible for ${name}`
      }
      return change(broker, resource, wrong ?? changes, request.validateOnly)
    }),
  ),
})

/** All that is not named goes back to its default. */
export const alterConfigs: HandlerOf<'AlterConfigs'> = async ({ resources, validateOnly }, { broker }) => ({
  responses: await Promise.all(
    resources.map(({ configs, ...resource }) => {
      const before = Object.keys(broker.topic(resource.resourceName)?.settings ?? {}).map(
        (name) => [name, null] as const,
      )
      const changes = Object.fromEntries([...before, ...configs.map(({ name, value }) => [name, value] as const)])
      return change(broker, resource, changes, validateOnly)
    }),
  ),
})
