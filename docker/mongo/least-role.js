// Creates the three database users of Convene, each with minimal rights:
//
//   convene         runs the server. It reads and writes documents. It cannot drop or alter a collection, bypass a
//                   validator, or change an activity entry. It deletes entries together with their organization.
//   convene-schema  creates and updates collections, validators and indexes before a new version is deployed. It
//                   cannot read or write documents.
//   convene-erasure runs `convene erase`. It has the rights of convene, and can change activity entries. No server should have its password.
//
// Run it as an administrator. A second run updates the rights and passwords:
//
//   CONVENE_PASSWORD=... CONVENE_SCHEMA_PASSWORD=... CONVENE_ERASURE_PASSWORD=... \
//     mongosh --file least-role.js 'mongodb://admin@host/admin'
//
// The passwords can also be given as files, named in CONVENE_PASSWORD_FILE and so on.

const CHANGEABLE = [
  'agendas',
  'events',
  'idempotency',
  'issues',
  'jobs',
  'members',
  'occurrences',
  'organizations',
  'realignments',
  'registrations',
  'revisions',
];
const APPEND_ONLY = ['activity'];

const name = process.env.CONVENE_DATABASE ?? 'convene';
const database = db.getSiblingDB(name);

function password(variable) {
  const file = process.env[`${variable}_FILE`];
  const value = file ? require('fs').readFileSync(file, 'utf8').trim() : process.env[variable];
  if (!value) throw new Error(`${variable} or ${variable}_FILE is required`);
  return value;
}

function privilege(collection, actions) {
  return { resource: { db: name, collection }, actions };
}

// At its start, the server checks its collections and indexes.
const inspect = ['listIndexes'];
const privileges = [
  privilege('', ['listCollections']),
  ...CHANGEABLE.map((it) => privilege(it, ['find', 'insert', 'update', 'remove', ...inspect])),
  ...APPEND_ONLY.map((it) => privilege(it, ['find', 'insert', 'remove', ...inspect])),
];
const schemaPrivileges = [...CHANGEABLE, ...APPEND_ONLY].map((it) =>
  privilege(it, ['createCollection', 'collMod', 'createIndex', 'dropIndex', ...inspect]),
);

function ensureRole(role, privileges, roles = []) {
  if (database.getRole(role)) database.updateRole(role, { privileges, roles });
  else database.createRole({ role, privileges, roles });
}

function ensureUser(user, pwd) {
  const account = { pwd, roles: [{ role: user, db: name }] };
  if (database.getUser(user)) database.updateUser(user, account);
  else database.createUser({ user, ...account });
}

ensureRole('convene', privileges);
ensureRole('convene-schema', [privilege('', ['listCollections']), ...schemaPrivileges]);
ensureRole(
  'convene-erasure',
  APPEND_ONLY.map((it) => privilege(it, ['update'])),
  [{ role: 'convene', db: name }],
);
ensureUser('convene', password('CONVENE_PASSWORD'));
ensureUser('convene-schema', password('CONVENE_SCHEMA_PASSWORD'));
ensureUser('convene-erasure', password('CONVENE_ERASURE_PASSWORD'));
