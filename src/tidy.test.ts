/**
 * A test about the code itself: who may import whom, what the pure parts may touch, and that the documents keep up.
 */
import assert from 'node:assert/strict'
import { existsSync, globSync, readFileSync, statSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { dirname, join, relative } from 'node:path'
import { after, before, suite, test } from 'node:test'
import * as esbuild from 'esbuild'
import type { Command } from '#datastores/redis/command.ts'
import { commands } from '#datastores/redis/commands.ts'
import { errorCodes } from '#kernel/base/errors.ts'

const root = join(import.meta.dirname, '..')
const read = (path: string) => readFileSync(join(root, path), 'utf8')
const list = (...patterns: string[]) =>
  globSync(patterns, { cwd: root, exclude: ['node_modules', '**/node_modules'] }).sort()

const linesMax = 700
const categories = ['datastores', 'messaging', 'filesystems', 'computing', 'ledgers', 'applications']

/** Tests, fuzzers and what only they use; may import upwards. */
const isTestOnly = (path: string) =>
  /(\.(test|fuzz|bench)|-compliance)\.ts$/.test(path) || /\/(testing|testdata|compliance)\//.test(path)

const allFiles = list('src/**/*.ts')
const programFiles = allFiles.filter((path) => !isTestOnly(path))

/** The layers by the folders they are; the longest prefix counts. Each service is one. */
const layers: Record<string, readonly string[]> = {
  'kernel/base': [],
  kernel: ['kernel/base'],
  host: ['kernel/base'],
  service: ['kernel', 'kernel/base'],
  node: ['service', 'kernel', 'kernel/base'],
  console: ['node', 'service', 'host', 'kernel', 'kernel/base'],
  sdk: ['console', 'node', 'service', 'host', 'kernel', 'kernel/base'],
  lab: ['sdk', 'console', 'node', 'service', 'host', 'kernel', 'kernel/base'],
  cli: ['lab', 'sdk', 'console', 'node', 'service', 'host', 'kernel', 'kernel/base'],
}

function layerOf(path: string): { readonly layer: string; readonly service: string | undefined } {
  const [, top = '', second = ''] = path.split('/')
  if (categories.includes(top)) return { layer: 'service', service: `${top}/${second}` }
  return { layer: `${top}/${second}` in layers ? `${top}/${second}` : top, service: undefined }
}

/** Parts that run anywhere, the simulator and a browser included: time, chance, network and files come through `Host`. */
const isPure = (path: string) =>
  ['kernel', 'kernel/base', 'service', 'node'].includes(layerOf(path).layer) || path.startsWith('src/host/simulated/')

/** Names that reach around the host. */
const bannedGlobals = [
  ...['Date', 'performance', 'Math.random', 'crypto', 'fetch', 'WebSocket', 'process', 'Buffer', 'require'],
  ...['setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask', 'requestAnimationFrame', 'MessageChannel'],
  ...['AbortSignal.timeout', 'FinalizationRegistry', 'WeakRef', 'globalThis', 'Atomics.wait', 'Intl'],
]
const bannedProperties = ['localeCompare', 'toLocaleString', 'toLocaleLowerCase', 'toLocaleUpperCase']
/** Where `Buffer` has its substitute, and where the simulator lets promises settle between two events. */
const ownsGlobals = new Set(['src/kernel/base/bytes.ts', 'src/host/simulated/drain.ts'])

const isNodeModule = (specifier: string) => specifier.startsWith('node:') || builtinModules.includes(specifier)

interface Import {
  readonly from: string
  /** A path of the project, or a package's name. */
  readonly to: string
  readonly isPackage: boolean
}
const imports: Import[] = []

/** Imports as they are left when types are gone: an `import type` is none. */
before(async () => {
  const { metafile } = await esbuild.build({
    ...{ absWorkingDir: root, bundle: true, write: false, metafile: true, logLevel: 'silent', platform: 'node' },
    ...{ format: 'esm', packages: 'external', treeShaking: false },
    stdin: { contents: allFiles.map((path) => `import './${path}'`).join('\n'), resolveDir: root },
  })
  for (const [from, input] of Object.entries(metafile.inputs)) {
    if (from === '<stdin>') continue
    for (const { path, external } of input.imports) imports.push({ from, to: path, isPackage: external === true })
  }
})
after(() => esbuild.stop())

const byName = (a: Command, b: Command) => (a.name < b.name ? -1 : 1)

function commandText(command: Command): string {
  const subcommands = command.at === 'connection' ? (command.subcommands ?? []) : []
  const names = subcommands.map(({ name }) => name.split('|')[1]!.toUpperCase()).sort()
  return `\`${command.name.toUpperCase()}\`${names.length === 0 ? '' : ` (${names.join(', ')})`}`
}

const none = (problems: readonly string[]) => assert.deepEqual(problems, [])

suite('imports', () => {
  test('point down only', () => {
    const problems = []
    for (const { from, to, isPackage } of imports) {
      if (isPackage || isTestOnly(from) || from === to) continue
      const [a, b] = [layerOf(from), layerOf(to)]
      const allowed = layers[a.layer]
      if (allowed === undefined) problems.push(`${from} is in no known layer`)
      else if (isTestOnly(to)) problems.push(`${from} imports ${to}, which is for tests only`)
      else if (a.layer === b.layer ? a.service !== b.service : !allowed.includes(b.layer))
        problems.push(`${from} imports ${to}`)
    }
    none(problems)
  })

  test('only the operating-system host and what is above the node use Node and packages', () => {
    const outside = (path: string) => !isPure(path) && !path.startsWith('src/host/core/')
    none(
      imports
        .filter(({ from, isPackage }) => isPackage && !isTestOnly(from) && !outside(from))
        .map(({ from, to }) => `${from} imports ${to}`),
    )
  })

  test('have no cycles', () => {
    const edges = Map.groupBy(
      imports.filter(({ isPackage }) => !isPackage),
      ({ from }) => from,
    )
    const finished = new Set<string>()
    const path: string[] = []
    const cycles: string[] = []
    const visit = (file: string) => {
      if (finished.has(file)) return
      const at = path.indexOf(file)
      if (at >= 0) {
        cycles.push([...path.slice(at), file].join(' → '))
        return
      }
      path.push(file)
      for (const { to } of edges.get(file) ?? []) visit(to)
      path.pop()
      finished.add(file)
    }
    for (const file of allFiles) visit(file)
    none(cycles)
  })
})

suite('the pure parts', () => {
  test('use no clock, chance, timer, network or file around the host', async () => {
    // The compiler knows scopes: it marks free names only, not a local or a property of the same name.
    const define = Object.fromEntries(
      bannedGlobals.map((name) => [name, `around_the_host_${name.replace('.', '_dot_')}`]),
    )
    const problems: string[] = []
    for (const path of programFiles.filter((path) => isPure(path) && !ownsGlobals.has(path))) {
      const { code } = await esbuild.transform(read(path), { loader: 'ts', define })
      for (const [, name] of code.matchAll(/around_the_host_(\w+)/g)) {
        problems.push(`${path} uses ${name?.replace('_dot_', '.')}`)
      }
      for (const name of bannedProperties) if (code.includes(`.${name}(`)) problems.push(`${path} uses .${name}()`)
    }
    none(problems)
  })

  test('bundle for a browser without a Node module', async () => {
    const problems: string[] = []
    const noNodeModules: esbuild.Plugin = {
      name: 'no Node modules',
      setup: ({ onResolve }) => {
        onResolve({ filter: /^[^.#/]/ }, ({ path, importer }) => {
          if (isNodeModule(path)) problems.push(`${relative(root, importer)} imports ${path}`)
          return { path, external: true }
        })
      },
    }
    const files = programFiles.filter(isPure)
    const result = await esbuild.build({
      ...{ absWorkingDir: root, bundle: true, write: false, logLevel: 'silent', platform: 'browser', format: 'esm' },
      stdin: { contents: files.map((path) => `import './${path}'`).join('\n'), resolveDir: root },
      plugins: [noNodeModules],
    })
    none([...problems, ...result.errors.map(({ text }) => text)])
  })
})

suite('documents', () => {
  const markdownFiles = list('*.md', '{docs,src,bench,examples,fuzz,scripts}/**/*.md')

  test('explain every error code, and no other', () => {
    const documented = [...read('docs/errors.md').matchAll(/^### `([A-Z_]+)`$/gm)].map(([, code]) => code)
    assert.deepEqual(documented.toSorted(), Object.keys(errorCodes).toSorted())
  })

  test('describe every folder that has code', () => {
    const folders = new Set(allFiles.map((path) => dirname(path)).filter((path) => path !== 'src'))
    const isDescribed = (path: string) => existsSync(join(root, path, 'README.md'))
    const isRoom = (path: string) => folders.has(dirname(path)) && isDescribed(dirname(path)) // its owner speaks for it
    const undescribed = [...folders].filter((path) => !isTestOnly(`${path}/`) && !isDescribed(path) && !isRoom(path))
    none(undescribed.map((path) => `${path} has no README.md`))
  })

  test('list the commands that are supported', (t) => {
    // `npm test -- --test-update-snapshots src/tidy.test.ts` writes the list.
    const groups = Map.groupBy(commands, ({ group }) => group)
    const rows = [...groups].map(
      ([group, members]) => `| ${group} | ${members.toSorted(byName).map(commandText).join(', ')} |`,
    )
    const list = ['<!-- commands -->', '| | |', '| --- | --- |', ...rows, '<!-- /commands -->'].join('\n')
    const readme = read('README.md').replace(/<!-- commands -->.*<!-- \/commands -->/s, list)
    t.assert.fileSnapshot(readme, join(root, 'README.md'), { serializers: [String] })
  })

  test('link to what exists', () => {
    const problems: string[] = []
    for (const path of markdownFiles) {
      const text = read(path).replaceAll(/```.*?```/gs, '')
      for (const [, target = ''] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
        if (/^([a-z]+:|#)/.test(target)) continue
        const file = join(root, dirname(path), target.split('#')[0]!)
        if (!existsSync(file)) problems.push(`${path} links to ${target}`)
      }
    }
    none(problems)
  })
})

test(`no file is longer than ${linesMax} lines`, () => {
  const files = [...allFiles, ...list('bin/**', 'scripts/**', '{bench,fuzz}/**/*.{ts,js}', 'examples/**/*.ts')]
  const long = files.filter((path) => statSync(join(root, path)).isFile() && read(path).split('\n').length > linesMax)
  none(long)
})
