import { installIfNeeded, root, run } from './install.mjs'

// npm run package: the tarball, from a clean checkout as well. npm's own hook for this, prepack, would not run: this
// project lets no package's scripts run while packages are handled (.npmrc), and its own are no exception.
installIfNeeded()
run(process.execPath, ['scripts/build.mjs'])
run('npm', ['pack', ...process.argv.slice(2)])
console.log(`packed from ${root}`)
