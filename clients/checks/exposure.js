// The checks of graphql-cop, on a server with the settings of production.

import assert from 'node:assert/strict';
import { post } from '../lib/graphql.js';

export const client = 'graphql-cop';

const MISSPELT = [
  '{ viewe { role } }',
  '{ viewer { rol } }',
  '{ event(idd: "x") { title } }',
  '{ issues(orderBy: { field: NUMBE, direction: ASC }) { nodes { id } } }',
  'query ($id: IDD) { event(id: $id) { title } }',
  '{ viewer { ... on Viewe { role } } }',
  '{ viewer { role @skp(if: true) } }',
  'mutation { createIssu(input: { title: "x" }) { userErrors { message } } }',
  'mutation { createIssue(input: { titl: "x" }) { userErrors { message } } }',
];

const PAGES = ['/', '/graphiql', '/playground', '/console', '/altair', '/graphql', '/explorer'];

export async function run({ production, member }, check) {
  const ask = (query) => post(production.url, member, { query });

  await check('introspection', async () => {
    for (const query of ['{ __schema { queryType { name } } }', '{ __type(name: "Query") { name } }', '{ viewer { role } __schema { types { name fields { type { fields { name } } } } } }']) {
      refused(await ask(query), 'INTROSPECTION_DISABLED');
    }
    return 'refused';
  });

  await check('field suggestions', async () => {
    for (const query of MISSPELT) {
      const { json } = await ask(query);
      assert.ok(json.errors.length > 0 && !('data' in json), query);
      assert.doesNotMatch(JSON.stringify(json), /did you mean|perhaps|similar/i);
    }
    return 'none';
  });

  await check('101 aliases', async () => {
    const aliases = Array.from({ length: 101 }, (_, number) => `alias${number}: __typename`);
    refused(await ask(`{ ${aliases.join(' ')} }`), 'QUERY_LIMIT_EXCEEDED');
    return 'refused';
  });

  await check('500 equal fields', async () => {
    refused(await ask(`{ ${'__typename '.repeat(500)} }`), 'QUERY_LIMIT_EXCEEDED');
    return 'refused';
  });

  await check('a batch of 10', async () => {
    const batch = Array.from({ length: 10 }, () => ({ query: '{ __typename }' }));
    refused(await post(production.url, member, batch), 'BAD_REQUEST');
    return 'refused';
  });

  await check('10 unknown directives on one field', async () => {
    const { json } = await ask(`{ __typename ${'@aa'.repeat(10)} }`);
    assert.ok(json.errors.length < 10 && !('data' in json), JSON.stringify(json));
    return 'fewer than 10 errors';
  });

  await check('1,000 directives on one field', async () => {
    refused(await ask(`{ __typename ${'@skip(if: false) '.repeat(1000)} }`), 'QUERY_LIMIT_EXCEEDED');
    return 'refused';
  });

  await check('mutation with GET', async () => {
    const query = encodeURIComponent('mutation { __typename }');
    const response = await fetch(`${production.url}/graphql?query=${query}`, { headers: { authorization: `Bearer ${member}` } });
    assert.equal(response.status, 405);
    refused({ json: await response.json() }, 'METHOD_NOT_ALLOWED');
    return 'refused';
  });

  await check('forms (cross-site requests)', async () => {
    for (const type of ['application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', 'text/plain']) {
      const answer = await post(production.url, member, 'query=%7B__typename%7D', { 'content-type': type });
      assert.equal(answer.status, 415, type);
    }
    return 'refused';
  });

  await check('tracing in responses', async () => {
    const { json } = await ask('{ __typename }');
    assert.deepEqual(Object.keys(json.extensions), ['cost']);
    return 'none';
  });

  await check('debug information in errors', async () => {
    const { status, json } = await ask('qwerty cop { abc }');
    assert.ok(status < 500 && !('data' in json));
    assert.doesNotMatch(JSON.stringify(json), /exception|stack|\.rs\b|juniper|mongo/i);
    return 'none';
  });

  await check('pages of an IDE', async () => {
    for (const page of PAGES) {
      const response = await fetch(production.url + page, { headers: { accept: 'text/html' } });
      assert.ok(response.status >= 400, `${page} has the status ${response.status}`);
      assert.doesNotMatch(response.headers.get('content-type') ?? '', /html/);
    }
    return 'none';
  });
}

function refused({ json }, code) {
  const found = json.errors?.map((error) => error.extensions.code) ?? [json.error?.code];
  assert.ok(found.includes(code), JSON.stringify(json).slice(0, 400));
  assert.ok(!('data' in json), 'the response has data');
}
