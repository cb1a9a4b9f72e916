/** Makes `daemon.js` of a build, in its place or in `folder`; resolves with the paths of the modules in it. */
export function bundleDaemon(dist: string, folder?: string): Promise<ReadonlyMap<string, readonly string[]>>
