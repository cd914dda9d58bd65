// Finds, and where missing installs, what a checkout needs to run: Node 26 and the packages of package.json.
// Plain JavaScript that any Node >= 20 can start, because it runs before anything else is there.

import { spawn, spawnSync } from 'node:child_process'
import { accessSync, constants, existsSync, mkdirSync, readFileSync } from 'node:fs'
import { constants as osConstants, tmpdir, userInfo } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = dirname(dirname(fileURLToPath(import.meta.url)))

/** The major version that the project is written for: older ones cannot run its TypeScript. */
const nodeMajor = 26

/** The oldest that can run this file and npm's newer versions. */
const startingNodeMajorMin = 20

/** The binary itself and not `.bin/node`, where some package managers put a shell script: one process fewer. */
export const installedNode = join(root, 'node_modules/node/bin/node')

/**
 * Installs what is missing, with npm's messages on stderr, so that stdout stays a program's own.
 * @param {{ development: boolean }} what with the packages that only tests and checks need
 */
export function install(what) {
  if (Number.parseInt(process.versions.node, 10) < startingNodeMajorMin) {
    fail(`cannot start on Node ${process.versions.node}: want ${startingNodeMajorMin} or newer`)
  }
  const missing = missingPackages(what.development)
  if (missing.length === 0) return
  const shown =
    missing.length > 3 ? `${missing.slice(0, 3).join(', ')} and ${missing.length - 3} more` : missing.join(', ')
  say(`unum: installing what is missing in node_modules (${shown}); this takes some ten seconds and happens once`)
  npm(['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'], root)
  // An npm that runs no install scripts leaves the `node` package without its binary: run its script as npm would have.
  if (!existsSync(installedNode) && existsSync(join(root, 'node_modules/node/package.json'))) {
    run(process.execPath, ['installArchSpecificPackage.js'], join(root, 'node_modules/node'))
  }
  const still = missingPackages(what.development)
  if (still.length > 0)
    fail(`npm ci ran, and these are still missing: ${still.join(', ')}. Remove node_modules and try again`)
  fillCompileCache()
}

/**
 * Compiles the program once, for the first start: three nodes that each do it at the same time take seconds longer, and keep
 * the compiler in memory.
 */
function fillCompileCache() {
  const modules = ['src/cli/program.ts', 'src/cli/up/up.ts', 'src/cli/node/run-node.ts']
  const code = modules.map((path) => `import ${JSON.stringify(join(root, path))}`).join('\n')
  spawnSync(installedNode, ['--input-type=module', '--eval', code], { env: nodeEnvironment(), stdio: 'ignore' })
}

/** @param {boolean} development */
function missingPackages(development) {
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  const names = Object.keys(
    development ? { ...manifest.dependencies, ...manifest.devDependencies } : manifest.dependencies,
  )
  const missing = names.filter(
    (name) => name !== 'node' && !existsSync(join(root, 'node_modules', name, 'package.json')),
  )
  if (!existsSync(installedNode)) missing.unshift(`Node ${nodeMajor}`)
  return missing
}

/** @param {string[]} args @param {string} cwd */
function npm(args, cwd) {
  // Under `npm start` the npm that runs us is known; it need not be the one in PATH.
  const own = process.env.npm_execpath
  if (own?.endsWith('.js')) run(process.execPath, [own, ...args], cwd)
  else run('npm', args, cwd)
}

/** @param {string} command @param {string[]} args @param {string} cwd */
function run(command, args, cwd) {
  const { error, status, signal } = spawnSync(command, args, { cwd, stdio: ['ignore', 2, 2] })
  if (signal) fail(`installing was stopped by ${signal}`)
  if (error?.code === 'ENOENT')
    fail(`cannot install as ${command} is not in PATH: install npm, or run "npm ci" in ${cwd} yourself`)
  if (error || status !== 0)
    fail(`"${command} ${args.join(' ')}" failed in ${cwd}; its messages are above. Is the package registry reachable?`)
}

/** @param {string} message @returns {never} */
export function fail(message) {
  say(`unum: ${message}`)
  process.exit(1)
}

/** @param {string} message */
function say(message) {
  process.stderr.write(`${message}\n`)
}

/** Compiled code is kept between starts: without it, a start compiles every module anew. */
function compileCacheDirectory() {
  const inside = join(root, 'node_modules/.cache/unum-compile')
  try {
    mkdirSync(inside, { recursive: true })
    accessSync(inside, constants.W_OK)
    return inside
  } catch {
    return join(tmpdir(), `unum-compile-${userInfo().uid}`) // a checkout that this user may only read
  }
}

/** The environment of every Node process that the project starts. */
export function nodeEnvironment() {
  const env = { ...process.env }
  env.NODE_COMPILE_CACHE ??= compileCacheDirectory()
  delete env.NODE_EXTRA_CA_CERTS // parsed at each start, up to 80 ms; nothing here speaks TLS to the outside
  return env
}

/**
 * Becomes `node args…` on Node 26: replaces this process where the running Node can (`process.execve`, since 22.15), else starts a child
 * and stands in for it: same streams, signals passed on, same ending. Does not return.
 * @param {string[]} args
 */
export function becomeNode(args) {
  const env = nodeEnvironment()
  const execve = /** @type {undefined | ((file: string, args: string[], env: object) => void)} */ (process.execve)
  if (execve && process.platform !== 'win32') {
    execve.call(process, installedNode, [installedNode, ...args], env)
  }
  standInFor(spawn(installedNode, args, { env, stdio: ['inherit', 'inherit', 'inherit', 'ipc'] }))
}

/**
 * The channel is not for messages: should this process be killed outright, the child sees the channel close and ends too.
 * The child stays in this process group, so that the terminal's Ctrl-C reaches it without us as well; it takes the two
 * for one.
 * @param {import('node:child_process').ChildProcess} child
 */
function standInFor(child) {
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'])) {
    process.on(signal, () => child.kill(signal))
  }
  child.on('error', (error) => fail(`cannot start ${installedNode}: ${error.message}`))
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code ?? 1)
    process.removeAllListeners(signal)
    process.kill(process.pid, signal)
    setTimeout(() => process.exit(128 + (osConstants.signals[signal] ?? 0)), 1000) // a signal that does not end us
  })
}

/** Whether the running process is already the Node that the project is written for. */
export function isRightNode() {
  return Number.parseInt(process.versions.node, 10) === nodeMajor
}
