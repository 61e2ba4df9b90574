// The examples of README.md and docs/api.md, in the order in which a reader tries them.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildSchema, parse, validate } from 'graphql';
import { flakyProxy } from '../lib/flaky.js';
import { data } from '../lib/graphql.js';
import { codeBlocks } from '../lib/markdown.js';
import { hasText, Ids } from '../lib/matching.js';
import { runProgram, writeFolder } from '../lib/programs.js';

export const client = 'documents';

const PROGRAMS = ['graphql-request', '@apollo/client', '@urql/core'];

export async function run(context, check) {
  const ids = new Ids();
  const shell = new Shell(context, ids);

  await check('README.md: a first session', async () => {
    const blocks = codeBlocks(context.root, 'README.md', 'A first session');
    return `${await session(shell, ids, blocks, (response) => response.data)} answers`;
  });

  await check('docs/api.md: curl', async () => {
    const blocks = codeBlocks(context.root, 'docs/api.md').filter(({ language }) => ['sh', 'json'].includes(language));
    return `${await session(shell, ids, blocks, (response) => response)} answers`;
  });

  await check('README.md, docs: graphql blocks', () => `${validated(context.root)} are valid`);

  for (const name of PROGRAMS) {
    await check(`docs/api.md: ${name}`, async () => {
      const found = codeBlocks(context.root, 'docs/api.md')
        .find((block) => block.language === 'js' && block.text.includes(`from '${name}'`));
      assert.ok(found, `no program uses ${name}`);
      await registersOnce(context, found.text, name.replace(/.*[/@](?=\w)/, ''));
      return 'registers once, after a broken connection and OVERLOADED';
    });
  }
}

/** Runs the commands and compares each with the answer after it. Returns the number of compared answers. */
async function session(shell, ids, blocks, part) {
  let output;
  let compared = 0;
  for (const block of blocks) {
    try {
      if (block.language === 'sh') {
        output = await shell.run(block.text);
        compared += comments(block.text, output);
      } else if (output !== undefined) {
        compared += answers(block.text, part(JSON.parse(output)), ids);
        output = undefined;
      }
    } catch (error) {
      throw new Error(`${block.document}:${block.line}: ${error.message}`);
    }
  }
  return compared;
}

function answers(documented, actual, ids) {
  ids.compare(JSON.parse(documented), actual);
  return 1;
}

/** Each comment shows parts of an answer, separated by spaces. */
function comments(text, output) {
  const shown = text.split('\n').filter((line) => line.startsWith('# ')).map((line) => line.slice(2).split(/ {2,}/));
  for (const part of shown.flat()) assert.ok(hasText(output, part), `${part} is not in ${output}`);
  return shown.length;
}

/** Validates each block against the schema. Returns their number. */
function validated(root) {
  const schema = buildSchema(readFileSync(join(root, 'docs/schema.graphql'), 'utf8'));
  const names = readdirSync(join(root, 'docs'), { recursive: true }).filter((name) => name.endsWith('.md'));
  const documents = ['README.md', ...names.map((name) => `docs/${name}`)];
  const blocks = documents.flatMap((document) => codeBlocks(root, document)).filter(({ language }) => language === 'graphql');
  for (const { document, line, text } of blocks) {
    const [error] = validate(schema, parse(text));
    assert.equal(error, undefined, `${document}:${line}: ${error?.message}`);
  }
  return blocks.length;
}

/** bash with the variables that the documents name, and the functions that they define. */
class Shell {
  functions = '';

  constructor({ root, development, operator, admin, member, secondMember }, ids) {
    this.root = root;
    this.ids = ids;
    this.url = development.url;
    this.settings = { URL: this.url, OPERATOR: operator, ADMIN: admin, MEMBER: member, MEMBER2: secondMember };
  }

  async run(text) {
    if (/^\w+\(\) \{/.test(text)) {
      this.functions += text.replaceAll('localhost:8080', this.url);
      return undefined;
    }
    const script = `set -eu\n${this.functions}\n${this.ids.replace(text)}`;
    return runProgram('bash', ['-c', script], this.root, this.settings);
  }
}

/** Runs a program against a proxy that fails twice. */
async function registersOnce({ root, development, admin, secondMember: member }, text, name) {
  const created = await data(
    development.url,
    admin,
    `mutation ($input: CreateEventInput!) {
      createEvent(input: $input) { event { occurrences(from: "2032-01-01T00:00:00Z", to: "2032-12-01T00:00:00Z") { nodes { id } } } } }`,
    { input: { title: name, startsAt: `2032-06-${10 + PROGRAMS.findIndex((it) => it.includes(name))}T09:00:00`, duration: 'PT1H', capacity: 3 } },
  );
  const [{ id: occurrence }] = created.createEvent.event.occurrences.nodes;
  const folder = writeFolder(root, name, { 'register.mjs': text });
  const proxy = await flakyProxy(development.url);
  try {
    const settings = { URL: proxy.url, TOKEN: member, OCCURRENCE: occurrence };
    const printed = await runProgram(process.execPath, ['register.mjs'], folder, settings);
    assert.match(printed, /CONFIRMED/);
    assert.ok(proxy.requests() > 2, 'the proxy did not fail twice');
  } finally {
    proxy.close();
  }
  const query = 'query ($id: ID!) { occurrence(id: $id) { registrations { nodes { status } } } }';
  const after = await data(development.url, admin, query, { id: occurrence });
  assert.deepEqual(after.occurrence.registrations.nodes, [{ status: 'CONFIRMED' }]);
}
