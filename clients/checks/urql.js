// urql.

import assert from 'node:assert/strict';
import { Client, fetchExchange, gql } from '@urql/core';
import { cacheExchange } from '@urql/exchange-graphcache';
import { relayPagination } from '@urql/exchange-graphcache/extras';
import { persistedExchange } from '@urql/exchange-persisted';
import { counting } from '../lib/counting.js';
import { MEMBERS, REGISTER, VIEWER } from '../lib/documents.js';

export const client = 'urql';

export async function run({ development, member, admin, occurrences }, check) {
  await check('query', async () => {
    const { data, error } = await urql(development.url, counting(member)).query(gql(VIEWER), {});
    assert.equal(data?.viewer.role, 'MEMBER', error);
  });

  await check('mutation, and its repeat with the same key', async () => {
    const urqlClient = urql(development.url, counting(member));
    const input = { occurrenceId: occurrences[1], idempotencyKey: crypto.randomUUID() };
    const results = [];
    for (let attempt = 0; attempt < 2; attempt++) {
      const { data, error } = await urqlClient.mutation(gql(REGISTER), { input });
      assert.deepEqual(data?.registerForOccurrence.userErrors, [], error);
      results.push(data.registerForOccurrence.registration);
    }
    assert.equal(results[0].status, 'CONFIRMED');
    assert.equal(results[0].id, results[1].id);
  });

  await check('paging with relayPagination', async () => {
    const urqlClient = urql(development.url, counting(admin));
    let page;
    do {
      const variables = { first: 2, after: page?.pageInfo.endCursor };
      const { data, error } = await urqlClient.query(gql(MEMBERS), variables);
      assert.equal(error, undefined);
      page = data.members;
    } while (page.pageInfo.hasNextPage);
    const ids = new Set(page.edges.map((edge) => edge.node.id));
    assert.ok(ids.size > 2 && ids.size === page.edges.length, `${ids.size} of ${page.edges.length}`);
  });

  for (const [name, preferGetForPersistedQueries] of [['persisted queries', false], ['persisted queries with GET', 'force']]) {
    await check(name, async () => {
      const requests = counting(member);
      const query = gql(`query UrqlPersisted${Number(Boolean(preferGetForPersistedQueries))} { viewer { role member { id displayName } } }`);
      for (let run = 0; run < 2; run++) {
        const persisted = persistedExchange({ preferGetForPersistedQueries });
        const { data, error } = await urql(development.url, requests, persisted).query(query, {});
        assert.equal(data?.viewer.role, 'MEMBER', error);
      }
      // The hash, the hash with the text, and later the hash alone.
      assert.deepEqual(requests.sent.map((sent) => 'query' in sent), [false, true, false]);
    });
  }
}

function urql(url, requests, ...exchanges) {
  const cache = cacheExchange({ keys: { Viewer: () => null }, resolvers: { Query: { members: relayPagination() } } });
  return new Client({
    url: `${url}/graphql`,
    preferGetMethod: false,
    fetch: requests.fetch,
    exchanges: [cache, ...exchanges, fetchExchange],
  });
}
