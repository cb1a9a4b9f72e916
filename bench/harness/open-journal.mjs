// node open-journal.mjs DIRECTORY: opens a journal in a process that did nothing yet, as a daemon does when it starts,
// and prints how long that took, in ms.
import { MarksJournal } from '../../dist/src/policy/index.js'

const startedAt = performance.now()
const journal = MarksJournal.open({ directory: process.argv[2], maxLevelGap: 14_400 })
console.log(performance.now() - startedAt)
journal.close()
