// The least that HTTP costs in Node: whatever is asked, the body is read and a short answer given.
import { createServer } from 'node:http'

const server = createServer((request, response) => {
  request.resume().on('end', () => {
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
  })
})
server.listen(0, '127.0.0.1', () => {
  console.log(`port ${server.address().port}`)
})
