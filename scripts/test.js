// npm test: everything that must pass. `npm test -- 'src/kernel/**/*.test.ts'` runs only those test files;
// options are passed on to Node's test runner.

import { chaosSlice, checks, fuzzers, runAll, tests } from './tasks.js'

const options = process.argv.slice(2).filter((argument) => argument.startsWith('-'))
const patterns = process.argv.slice(2).filter((argument) => !argument.startsWith('-'))
if (patterns.length > 0) runAll([tests([...options, ...patterns])], { minutesMax: 12 })
else
  runAll(
    [...checks, tests([...options, '{src,bench,chaos,conformance,fuzz,mutants}/**/*.test.ts']), fuzzers, chaosSlice],
    {
      minutesMax: 12,
    },
  )
