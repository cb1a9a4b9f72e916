const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/

/**
 * What is wrong with an endpoint; `undefined` where it may be used. Requests are signed but answers are not, so that
 * without TLS whoever is on the way could say that a mark was raised.
 */
export function endpointFault(endpoint: string): string | undefined {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined
  if (url === undefined || !['http:', 'https:'].includes(url.protocol)) {
    return 'endpoint has to be a URL that begins with https:// (or http:// on this host)'
  }
  if (url.username !== '' || url.password !== '') {
    return 'endpoint may hold no user and no password: the AWS SDK finds the credentials by itself'
  }
  if (url.search !== '' || url.hash !== '' || url.pathname !== '/') {
    return 'endpoint may have no path, query or fragment'
  }
  if (url.protocol === 'http:' && !LOOPBACK.test(url.hostname)) {
    return `endpoint may be http:// on this host only, and ${url.hostname} is not: use https://`
  }
  return undefined
}
