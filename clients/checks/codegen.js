// The code generator with the settings of docs/api.md, and its types in a strict compilation.

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { MEMBERS, REGISTER } from '../lib/documents.js';
import { codeBlocks } from '../lib/markdown.js';
import { runProgram, writeFolder } from '../lib/programs.js';

export const client = 'graphql-codegen';

const OCCURRENCES = `query Occurrences($from: DateTime!, $to: DateTime!, $after: String) {
  occurrences(from: $from, to: $to, after: $after) {
    nodes { id title startsAt availableSeats registrationState }
    pageInfo { hasNextPage endCursor }
  }
}`;

const USE = `
import { print } from 'graphql';
import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import { OccurrencesDocument, RegisterDocument } from './gql/graphql';

declare function send<Data, Variables>(document: TypedDocumentNode<Data, Variables>, variables: Variables): Promise<Data>;

export async function registerForFirst(from: string, to: string): Promise<string> {
  const { occurrences } = await send(OccurrencesDocument, { from, to });
  const open = occurrences.nodes.find((occurrence) => occurrence.registrationState === 'OPEN');
  if (!open) return 'nothing is open';
  const seats: number = open.availableSeats;
  const { registerForOccurrence: result } = await send(RegisterDocument, { input: { occurrenceId: open.id } });
  // @ts-expect-error The registration is null if it was refused.
  result.registration.id;
  return result.registration?.id ?? result.userErrors.map((it) => it.message).join(String(seats));
}

// @ts-expect-error A required variable is missing.
export const incomplete = send(OccurrencesDocument, { from: '2032-03-22T00:00:00Z' });
export const text: string = print(OccurrencesDocument);
`;

export async function run({ root }, check) {
  const binaries = join(root, 'clients/node_modules/.bin');
  const document = (file) => {
    const block = codeBlocks(root, 'docs/api.md').find(({ text }) => text.startsWith(`// ${file}`));
    assert.ok(block, `docs/api.md has no block of ${file}`);
    return block.text;
  };

  await check('the settings of docs/api.md, tsc --strict', async () => {
    const folder = writeFolder(root, 'codegen', {
      'codegen.ts': document('codegen.ts'),
      'schema.graphql': readFileSync(join(root, 'docs/schema.graphql')),
      'src/operations.graphql': [OCCURRENCES, REGISTER, MEMBERS].join('\n\n'),
      'src/use.ts': USE,
    });
    await runProgram(join(binaries, 'graphql-codegen'), ['--config', 'codegen.ts'], folder);
    const options = ['--strict', '--noEmit', '--skipLibCheck', '--module', 'esnext', '--moduleResolution', 'bundler'];
    await runProgram(join(binaries, 'tsc'), [...options, '--target', 'es2022', '--types', 'node', 'src/use.ts', 'codegen.ts'], folder);
  });

  await check('the program of docs/api.md, tsc --init', async () => {
    const folder = writeFolder(root, 'tsc-init', {
      'package.json': '{ "type": "module" }',
      'codegen.ts': document('codegen.ts').replace('CodegenConfig = {', "CodegenConfig = {\n  importExtension: '.js',"),
      'schema.graphql': readFileSync(join(root, 'docs/schema.graphql')),
      'src/operations.graphql': REGISTER,
      'src/retrying-fetch.mjs': document('retrying-fetch.mjs'),
      'src/register.ts': document('src/register.ts'),
    });
    await runProgram(join(binaries, 'graphql-codegen'), ['--config', 'codegen.ts'], folder);
    await runProgram(join(binaries, 'tsc'), ['--init'], folder);
    const changes = codeBlocks(root, 'docs/api.md').find(({ language }) => language === 'jsonc');
    assert.ok(changes, 'docs/api.md has no block of tsconfig.json');
    writeFileSync(join(folder, 'changed.json'), changes.text.replace('{', '{\n  "extends": "./tsconfig.json",'));
    await runProgram(join(binaries, 'tsc'), ['--project', 'changed.json'], folder);
  });
}
