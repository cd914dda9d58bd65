// npm run check: types, format and lint, and the test about the code itself.

import { checks, runAll, tests, tidyTest } from './tasks.js'

runAll([...checks, tests([tidyTest])], { minutesMax: 12 })
