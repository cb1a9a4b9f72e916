import { buildIfNeeded, installIfNeeded, run } from './install.mjs'

// npm run bench, npm run bench:check: installs and builds where that is needed, then measures.
const [program, ...options] = process.argv.slice(2)
installIfNeeded()
buildIfNeeded()
run(process.execPath, [program, ...options])
