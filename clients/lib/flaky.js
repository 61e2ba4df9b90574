// A proxy that fails like a network, a busy server and a database without a primary.

import { once } from 'node:events';
import { createServer } from 'node:http';

/** Longer than clients wait by themselves before their second repeat. */
const RETRY_AFTER_S = 3;

/**
 * Starts a proxy that breaks the first connection, answers the second request with `OVERLOADED`, the third one with a page and the
 * first registration with `OUTCOME_UNKNOWN` after the server has made it, and forwards the others.
 */
export async function flakyProxy(target) {
  const failures = [];
  let requests = 0;
  let pause;
  const waits = [];
  const server = createServer(async (request, response) => {
    requests += 1;
    if (pause) waits.push({ seconds: pause.seconds, waited: (performance.now() - pause.begin) / 1000 });
    pause = undefined;
    if (requests === 1) {
      failures.push('a broken connection');
      return request.socket.destroy();
    }
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const fail = (status, code, seconds) => {
      failures.push(code);
      pause = { begin: performance.now(), seconds };
      const headers = { 'content-type': 'application/graphql-response+json', 'retry-after': String(seconds) };
      response.writeHead(status, headers).end(JSON.stringify({
        ...(status === 200 && { data: null }),
        errors: [{ message: 'The proxy fails.', extensions: { code, retryable: true } }],
      }));
    };
    if (requests === 2) return fail(503, 'OVERLOADED', RETRY_AFTER_S);
    if (requests === 3) {
      failures.push('a page');
      return response.writeHead(200, { 'content-type': 'text/html' }).end('<p>Sign in to this network.</p>');
    }
    const { host, connection, ...headers } = request.headers;
    delete headers['content-length'];
    const body = chunks.length > 0 ? Buffer.concat(chunks) : undefined;
    const answer = await fetch(target + request.url, { method: request.method, headers, body });
    const text = await answer.text();
    if (failures.length === 3 && text.includes('"registration":{')) return fail(200, 'OUTCOME_UNKNOWN', 1);
    response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') }).end(text);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    /** The failures, in their order. */
    failures,
    /** The `Retry-After` of each failure that has one, and the time until the next request, in seconds. */
    waits,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
