import { testMarksTable } from './marks-table-suite.js'
import { testMarkStore } from './mark-store-suite.js'
import { LOCAL_STORES, memoryTable } from './stores.js'

for (const factory of LOCAL_STORES) testMarkStore(factory)
testMarksTable(memoryTable)
