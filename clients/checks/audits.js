// The audits of GraphQL over HTTP.

import assert from 'node:assert/strict';
import { serverAudits } from 'graphql-http';

export const client = 'graphql-http';

export async function run({ development, admin }, check) {
  await check('audits of GraphQL over HTTP', async () => {
    const audits = serverAudits({
      url: `${development.url}/graphql`,
      fetchFn: (address, options = {}) =>
        fetch(address, { ...options, headers: { ...options.headers, authorization: `Bearer ${admin}` } }),
    });
    const results = await Promise.all(audits.map((audit) => audit.fn()));
    const failed = results.filter((result) => result.status !== 'ok');
    assert.deepEqual(failed.map(({ id, name, reason }) => `${id} ${name}: ${reason}`), []);
    return `${results.length} of ${audits.length}`;
  });
}
