// Requests without a client library.

import assert from 'node:assert/strict';

/** Sends a body as it is and returns the response with its JSON. */
export async function post(url, token, body, headers = {}) {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}`, ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  return { status: response.status, headers: response.headers, json: await response.json() };
}

/** The data of a document that must have no errors. */
export async function data(url, token, query, variables) {
  const { json } = await post(url, token, { query, variables });
  assert.equal(json.errors, undefined, JSON.stringify(json.errors));
  return json.data;
}

/** Creates an event with a date on each of the next days, and returns the ids of its occurrences. */
export async function createDays(url, token, title) {
  const day = (number) => new Date(Date.now() + number * 86_400_000).toISOString();
  const created = await data(
    url,
    token,
    `mutation ($input: CreateEventInput!) { createEvent(input: $input) { event { id } userErrors { message field } } }`,
    { input: { title, startsAt: `${day(2).slice(0, 10)}T06:00:00`, duration: 'PT5M', capacity: 5,
               recurrence: { frequency: 'DAILY', count: 7 } } },
  );
  assert.deepEqual(created.createEvent.userErrors, []);
  const { event } = await data(
    url,
    token,
    `query ($id: ID!, $from: DateTime!, $to: DateTime!) {
      event(id: $id) { occurrences(from: $from, to: $to) { nodes { id } } } }`,
    { id: created.createEvent.event.id, from: day(0), to: day(14) },
  );
  return event.occurrences.nodes.map((occurrence) => occurrence.id);
}
