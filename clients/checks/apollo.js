// Apollo Client.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { ApolloClient, ApolloLink, HttpLink, InMemoryCache, gql } from '@apollo/client';
import { PersistedQueryLink } from '@apollo/client/link/persisted-queries';
import { relayStylePagination } from '@apollo/client/utilities';
import { filter, firstValueFrom } from 'rxjs';
import { counting } from '../lib/counting.js';
import { MEMBERS, REGISTER, VIEWER } from '../lib/documents.js';

export const client = 'Apollo Client';

export async function run({ development, member, admin, occurrences }, check) {
  await check('query', async () => {
    const { data } = await apollo(development.url, counting(member)).query({ query: gql(VIEWER) });
    assert.equal(data.viewer.role, 'MEMBER');
  });

  await check('two queries of Viewer', async () => {
    const apolloClient = apollo(development.url, counting(member));
    const queries = [gql(VIEWER), gql`query Own { viewer { registrations { nodes { id } } } }`];
    for (const query of queries) await apolloClient.query({ query });
    for (const query of queries) assert.ok(apolloClient.readQuery({ query }), 'a query has left the cache');
    return 'both stay in the cache';
  });

  await check('mutation, and its repeat with the same key', async () => {
    const apolloClient = apollo(development.url, counting(member));
    const variables = { input: { occurrenceId: occurrences[0], idempotencyKey: crypto.randomUUID() } };
    const results = [];
    for (let attempt = 0; attempt < 2; attempt++) {
      const { data } = await apolloClient.mutate({ mutation: gql(REGISTER), variables });
      assert.deepEqual(data.registerForOccurrence.userErrors, []);
      results.push(data.registerForOccurrence.registration);
    }
    assert.equal(results[0].status, 'CONFIRMED');
    assert.equal(results[0].id, results[1].id);
  });

  await check('paging with relayStylePagination', async () => {
    const apolloClient = apollo(development.url, counting(admin));
    const observed = apolloClient.watchQuery({ query: gql(MEMBERS), variables: { first: 2 } });
    let page = (await firstValueFrom(observed.pipe(filter((result) => !result.loading)))).data.members;
    while (page.pageInfo.hasNextPage) {
      await observed.fetchMore({ variables: { after: page.pageInfo.endCursor } });
      page = observed.getCurrentResult().data.members;
    }
    const ids = new Set(page.edges.map((edge) => edge.node.id));
    assert.ok(ids.size > 2 && ids.size === page.edges.length, `${ids.size} of ${page.edges.length}`);
  });

  await check('persisted queries', async () => {
    const requests = counting(member);
    const sha256 = (text) => createHash('sha256').update(text).digest('hex');
    const query = gql`query ApolloPersisted { viewer { role member { id displayName } } }`;
    for (let run = 0; run < 2; run++) {
      const persisted = apollo(development.url, requests, new PersistedQueryLink({ sha256 }));
      const { data } = await persisted.query({ query, fetchPolicy: 'network-only' });
      assert.equal(data.viewer.role, 'MEMBER');
    }
    // The hash, the hash with the text, and later the hash alone.
    assert.deepEqual(requests.sent.map((body) => 'query' in body), [false, true, false]);
  });
}

function apollo(url, requests, ...links) {
  const cache = new InMemoryCache({
    typePolicies: { Query: { fields: { members: relayStylePagination() } }, Viewer: { merge: true } },
  });
  const http = new HttpLink({ uri: `${url}/graphql`, fetch: requests.fetch });
  return new ApolloClient({ cache, link: ApolloLink.from([...links, http]) });
}
