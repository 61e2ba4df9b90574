// The rules of graphql-eslint for schemas.

import assert from 'node:assert/strict';
import plugin from '@graphql-eslint/eslint-plugin';
import { ESLint } from 'eslint';
import { join } from 'node:path';

export const client = 'graphql-eslint';

/** Types that are values or results, and objects without an identity of their own. */
const WITHOUT_ID = {
  suffixes: ['Connection', 'Edge', 'Payload', 'Conflict'],
  types: [
    'FieldChange', 'InvalidInput', 'NotFound', 'PageInfo', 'PreviewedOccurrence', 'Recurrence', 'Refused',
    'RegistrationsAffected', 'Viewer',
  ],
};

const CHANGED = {
  // The descriptions of the schema are blocks only where they have several lines.
  '@graphql-eslint/description-style': 'off',
  '@graphql-eslint/strict-id-in-types': ['error', { exceptions: WITHOUT_ID }],
  // A list with the arguments of one direction complies, too: the operator's list of organizations goes forward only.
  '@graphql-eslint/relay-arguments': ['error', { includeBoth: false }],
  // The Relay specification allows other lists; `nodes` is a usual shortcut beside `edges`.
  '@graphql-eslint/relay-edge-types': ['error', { listTypeCanWrapOnlyEdgeType: false }],
};

export async function run({ root }, check) {
  for (const name of ['schema-recommended', 'schema-relay']) {
    await check(name, async () => {
      const { rules } = plugin.configs[`flat/${name}`];
      const changed = Object.entries(CHANGED).filter(([rule]) => rule in rules);
      const schema = join(root, 'docs/schema.graphql');
      const eslint = new ESLint({
        cwd: root,
        overrideConfigFile: true,
        overrideConfig: {
          files: ['**/*.graphql'],
          languageOptions: { parser: plugin.parser, parserOptions: { graphQLConfig: { schema } } },
          plugins: { '@graphql-eslint': plugin },
          rules: { ...rules, ...Object.fromEntries(changed) },
        },
      });
      const results = await eslint.lintFiles([schema]);
      const problems = results.flatMap((result) => result.messages.map((it) => `${it.line}: ${it.message} (${it.ruleId})`));
      assert.equal(results.length, 1);
      assert.deepEqual(problems, []);
      return `${Object.keys(rules).length} rules without a problem`;
    });
  }
}
