#!/usr/bin/env node
// The `unum` command. Any Node >= 20 can start it; the program itself is src/cli/main.ts and runs on Node 26.

import module from 'node:module'
import { join } from 'node:path'
import { becomeNode, install, isRightNode, nodeEnvironment, root } from './toolchain.js'

install({ development: false })

const main = join(root, 'src/cli/main.ts')
if (isRightNode()) {
  const { NODE_COMPILE_CACHE } = nodeEnvironment()
  process.env.NODE_COMPILE_CACHE = NODE_COMPILE_CACHE // for the processes that it starts
  delete process.env.NODE_EXTRA_CA_CERTS
  module.enableCompileCache(NODE_COMPILE_CACHE)
  await import(main)
} else {
  becomeNode([main, ...process.argv.slice(2)])
}
