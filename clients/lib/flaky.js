// A proxy that fails like a network and a busy server.

import { once } from 'node:events';
import { createServer } from 'node:http';

const OVERLOADED = JSON.stringify({
  errors: [{ message: 'The server is busy.', extensions: { code: 'OVERLOADED', retryable: true } }],
});

/** Starts a proxy that breaks the first connection, answers the second request with `OVERLOADED`, and forwards the others. */
export async function flakyProxy(target) {
  let requests = 0;
  const server = createServer(async (request, response) => {
    requests += 1;
    if (requests === 1) return request.socket.destroy();
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    if (requests === 2) {
      const headers = { 'content-type': 'application/graphql-response+json', 'retry-after': '1' };
      return response.writeHead(503, headers).end(OVERLOADED);
    }
    const { host, connection, ...headers } = request.headers;
    delete headers['content-length'];
    const body = chunks.length > 0 ? Buffer.concat(chunks) : undefined;
    const answer = await fetch(target + request.url, { method: request.method, headers, body });
    const type = { 'content-type': answer.headers.get('content-type') };
    response.writeHead(answer.status, type).end(Buffer.from(await answer.arrayBuffer()));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    requests: () => requests,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
