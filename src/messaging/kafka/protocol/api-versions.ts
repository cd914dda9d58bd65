import { assert } from '#kernel/base/errors.ts'
import { apis } from './apis.ts'
import { errorCode } from './error-codes.ts'
import type { Api, ResponseInput } from './wire/api.ts'

/** An API that a broker serves, and in which versions. */
export interface ServedApi {
  readonly api: Api
  readonly versionMin: number
  readonly versionMax: number
}

/** `api` in these versions: all of the table's where none are given. */
export function serve(api: Api, versionMin: number = api.versionMin, versionMax: number = api.versionMax): ServedApi {
  assert(api.versionMin <= versionMin && versionMin <= versionMax, `${api.name} has no version ${versionMin}`)
  assert(versionMax <= api.versionMax, `${api.name} has no version ${versionMax}`)
  return { api, versionMin, versionMax }
}

/** The answer to ApiVersions: exactly what is served. */
export function apiVersionsBody(served: readonly ServedApi[]): ResponseInput<typeof apis.ApiVersions> {
  return { errorCode: errorCode.NONE, apiKeys: rangesOf(served) }
}

/**
 * The answer to ApiVersions in a version that is not served, to be sent in version 0, which every client can read: it says
 * which versions of ApiVersions there are, and the client asks again.
 */
export function unknownApiVersionsBody(served: readonly ServedApi[]): ResponseInput<typeof apis.ApiVersions> {
  const own = served.filter(({ api }) => api.key === apis.ApiVersions.key)
  return { errorCode: errorCode.UNSUPPORTED_VERSION, apiKeys: rangesOf(own) }
}

function rangesOf(served: readonly ServedApi[]) {
  return served
    .map(({ api, versionMin, versionMax }) => ({ apiKey: api.key, minVersion: versionMin, maxVersion: versionMax }))
    .sort((a, b) => a.apiKey - b.apiKey)
}
