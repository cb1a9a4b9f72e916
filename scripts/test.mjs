import { installIfNeeded, run } from './install.mjs'

// npm test: installs where that is needed, then runs every check.
installIfNeeded()
run('npm', ['run', '--silent', 'check'])
