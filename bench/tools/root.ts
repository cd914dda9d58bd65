import { join, resolve } from 'node:path'

/** The project's folder. */
export const root = resolve(import.meta.dirname, '../..')

/** Where the scripts are that start other systems; `UNUM_PEERS` names another folder, relative to the project's. */
export const peers = resolve(root, process.env.UNUM_PEERS ?? '../shared/peers')

/** Node as the project has it installed. */
export const node = process.execPath

export const mainFile = join(root, 'src/cli/main.ts')

/** Compiled code is kept where `bin/unum.js` keeps it, for processes that are started without that. */
export const compileCache = { NODE_COMPILE_CACHE: join(root, 'node_modules/.cache/unum-compile') }
