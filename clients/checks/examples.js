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
const PROGRAM = 'register.mjs';

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

  await check('docs/api.md: npm install', () => `${installed(context.root)} packages, in the versions of these checks`);

  for (const name of PROGRAMS) {
    await check(`docs/api.md: ${name}`, async () => {
      const blocks = codeBlocks(context.root, 'docs/api.md').filter(({ language }) => language === 'js');
      const program = blocks.find(({ text }) => text.includes(`from '${name}'`));
      assert.ok(program, `no program uses ${name}`);
      const files = { [PROGRAM]: program.text };
      for (const [, file] of program.text.matchAll(/from '\.\/(.*)'/g)) {
        files[file] = blocks.find(({ text }) => text.startsWith(`// ${file}\n`))?.text;
        assert.ok(files[file], `no block is ${file}`);
      }
      return registersOnce(context, files, name.replace(/.*[/@](?=\w)/, ''));
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

/** Compares the versions in the commands with the pinned ones. Returns the number of packages. */
function installed(root) {
  const { dependencies } = JSON.parse(readFileSync(join(root, 'clients/package.json'), 'utf8'));
  const commands = readFileSync(join(root, 'docs/api.md'), 'utf8').matchAll(/`npm install ([^`]*)`/g);
  const words = new Set([...commands].flatMap(([, words]) => words.split(/\s+/)).filter((word) => !word.startsWith('--')));
  for (const word of words) {
    const [, name, version] = /^(.+)@(\d+)$/.exec(word) ?? [];
    assert.ok(dependencies[name]?.startsWith(`${version}.`), `${word}, and the checks use ${dependencies[name]}`);
  }
  return words.size;
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
      this.functions += text;
      return undefined;
    }
    const script = `set -eu\n${this.functions}\n${this.ids.replace(text)}`;
    return runProgram('bash', ['-c', script], this.root, this.settings);
  }
}

/** Runs a program against a proxy that fails. Returns what happened. */
async function registersOnce({ root, development, admin, secondMember: member }, files, name) {
  const created = await data(
    development.url,
    admin,
    `mutation ($input: CreateEventInput!) {
      createEvent(input: $input) { event { occurrences(from: "2032-01-01T00:00:00Z", to: "2032-12-01T00:00:00Z") { nodes { id } } } } }`,
    { input: { title: name, startsAt: `2032-06-${10 + PROGRAMS.findIndex((it) => it.includes(name))}T09:00:00`, duration: 'PT1H', capacity: 3 } },
  );
  const [{ id: occurrence }] = created.createEvent.event.occurrences.nodes;
  const folder = writeFolder(root, name, files);
  const proxy = await flakyProxy(development.url);
  try {
    const settings = { URL: proxy.url, TOKEN: member, OCCURRENCE: occurrence };
    const printed = await runProgram(process.execPath, [PROGRAM], folder, settings);
    assert.match(printed, /CONFIRMED/);
    assert.deepEqual(proxy.failures, ['a broken connection', 'OVERLOADED', 'a page', 'OUTCOME_UNKNOWN']);
    for (const { seconds, waited } of proxy.waits) {
      assert.ok(waited >= seconds, `a repeat after ${waited} s, and Retry-After was ${seconds} s`);
    }
  } finally {
    proxy.close();
  }
  const query = 'query ($id: ID!) { occurrence(id: $id) { registrations { nodes { status } } } }';
  const after = await data(development.url, admin, query, { id: occurrence });
  assert.deepEqual(after.occurrence.registrations.nodes, [{ status: 'CONFIRMED' }]);
  return 'registers once, after a broken connection, OVERLOADED, a page and OUTCOME_UNKNOWN; waits for Retry-After';
}
