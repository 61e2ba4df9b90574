// The introspection queries of graphql-js and graphql-core, as they are.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as graphql15 from 'graphql-15';
import * as graphql16 from 'graphql';
import * as graphql17 from 'graphql-17';
import { data } from '../lib/graphql.js';
import { runPython } from '../lib/python.js';

export const client = 'introspection';

const EVERYTHING = { specifiedByUrl: true, directiveIsRepeatable: true, schemaDescription: true, inputValueDeprecation: true, oneOf: true };
// Version 15 asks for fields that the specification renamed before it was published.
const VERSIONS = [
  ['graphql-js 15', graphql15, {}],
  ['graphql-js 16', graphql16, EVERYTHING],
  ['graphql-js 17', graphql17, EVERYTHING],
];

export async function run({ development, admin, root, python }, check) {
  const sdl = readFileSync(join(root, 'docs/schema.graphql'), 'utf8');
  for (const [name, graphql, everything] of VERSIONS) {
    await check(name, async () => {
      for (const options of [{}, everything]) {
        const result = await data(development.url, admin, graphql.getIntrospectionQuery(options));
        const found = text(graphql, graphql.buildClientSchema(result));
        const expected = text(graphql, graphql.buildSchema(sdl));
        if (options === EVERYTHING) assert.equal(found, expected);
        else assert.equal(withoutOptions(found), withoutOptions(expected));
      }
      return 'equals docs/schema.graphql';
    });
  }
  await check('graphql-core for Python', () => {
    runPython(python, [join(root, 'clients/checks/introspection.py'), `${development.url}/graphql`], { TOKEN: admin });
    return 'a schema without errors';
  });
}

function text({ printSchema, lexicographicSortSchema }, schema) {
  return printSchema(lexicographicSortSchema(schema));
}

/** The text without that for which a query without options does not ask, and without a directive that version 15 does not know. */
function withoutOptions(sdl) {
  return sdl.replaceAll(/ @(specifiedBy|deprecated)\(.*?\)/g, '').replace(/^directive @oneOf .*\n\n/m, '');
}
