// Runs all checks and prints their table. `cargo xtask clients` builds the program, starts MongoDB and calls this.

import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as apollo from './checks/apollo.js';
import * as audits from './checks/audits.js';
import * as codegen from './checks/codegen.js';
import * as examples from './checks/examples.js';
import * as exposure from './checks/exposure.js';
import * as graphiql from './checks/graphiql.js';
import * as identityProvider from './checks/identity_provider.js';
import * as introspection from './checks/introspection.js';
import * as openapi from './checks/openapi.js';
import * as schemaRules from './checks/schema_rules.js';
import * as urql from './checks/urql.js';
import { documentedTable } from './lib/documented.js';
import { createDays } from './lib/graphql.js';
import { preparePython } from './lib/python.js';
import { Report } from './lib/report.js';
import { Convene } from './lib/server.js';

// The examples are the first, because they show the demo data as it is loaded.
const CHECKS = [examples, audits, introspection, codegen, apollo, urql, schemaRules, openapi, exposure, graphiql, identityProvider];

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const folder = process.env.CONVENE_CLIENTS_FOLDER;
mkdirSync(folder, { recursive: true });

const convene = new Convene({
  binary: process.env.CONVENE_CLIENTS_BINARY,
  mongodb: process.env.CONVENE_CLIENTS_MONGODB_URI,
  root,
  folder,
});
const report = new Report();
const servers = [];
try {
  convene.run('seed', 'seeds');
  const unlimited = { CONVENE_RATE_LIMIT: 'off', CONVENE_TENANT_RATE_LIMIT: 'off' };
  const development = await convene.serve('development', { CONVENE_PROFILE: 'development', ...unlimited });
  servers.push(development);
  const production = await convene.serve('production', { CONVENE_PROFILE: 'production' });
  servers.push(production);
  const admin = convene.token('user-456');
  const context = {
    root,
    folder,
    convene,
    development,
    production,
    admin,
    member: convene.token('user-789'),
    secondMember: convene.token('user-790'),
    operator: convene.token('operator', '--operator'),
    python: preparePython(folder, join(root, 'clients/requirements.txt')),
  };
  for (const { client, run } of CHECKS) {
    // Each client gets occurrences of its own, for which nobody has registered.
    if (client !== examples.client) context.occurrences ??= await createDays(development.url, admin, 'Client check');
    await run(context, report.of(client));
  }
} finally {
  await Promise.all(servers.map((server) => server.stop()));
}
await report.of('server')('log of both servers', () => {
  const faults = servers.flatMap((server) => server.faults());
  if (faults.length > 0) throw new Error(`faults in the log\n${faults.join('\n')}`);
  return 'no line of level ERROR';
});
if (report.count('skipped') === 0) await report.of('docs/testing.md')('the table', () => documentedTable(root, report.table()));

writeFileSync(join(folder, 'table.md'), `${report.table()}\n`);
console.log(`\n${report.table()}\n`);
console.log(`${report.count('passed')} passed, ${report.count('skipped')} skipped, ${report.count('failed')} failed`);
process.exitCode = report.count('failed') > 0 ? 1 : 0;
