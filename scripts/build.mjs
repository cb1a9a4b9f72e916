import { chmodSync, cpSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { bundleDaemon } from './bundle.mjs'
import { root, run } from './install.mjs'

// Compiles to dist/ from scratch, so that nothing of a removed file stays behind, and puts it in place in one move.
const fresh = join(root, `dist.${process.pid}.new`)
run('npx', ['--no-install', 'tsc', '-p', 'tsconfig.build.json', '--outDir', fresh])
const page = 'src/server/page'
run('npx', ['--no-install', 'tsc', '-p', `${page}/browser`, '--outDir', join(fresh, page, 'browser')])
cpSync(join(root, page, 'styles'), join(fresh, page, 'styles'), { recursive: true })
const { bin } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
for (const path of Object.values(bin)) chmodSync(join(fresh, path.replace(/^dist\//, '')), 0o755)
await bundleDaemon(fresh)
rmSync(join(root, 'dist'), { recursive: true, force: true })
renameSync(fresh, join(root, 'dist'))
