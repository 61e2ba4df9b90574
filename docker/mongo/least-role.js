// Creates the three database users of Convene, each with what its work needs and no more:
//
//   convene         serves. Reads and changes documents, but cannot drop or alter a collection, go past a
//                   validator, or touch an activity entry once it is written.
//   convene-schema  makes and updates collections, validators and indexes before a new version serves. Cannot
//                   read or change a document.
//   convene-erasure does what convene does, and can change activity entries, but not delete them: for
//                   `convene erase`. Nothing that serves should have its password.
//
// Run as an administrator; running it again updates the rights and passwords:
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
  'members',
  'occurrences',
  'organizations',
  'registrations',
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

// At its start the server looks whether its collections and indexes are there.
const look = ['listIndexes'];
const privileges = [
  privilege('', ['listCollections']),
  ...CHANGEABLE.map((it) => privilege(it, ['find', 'insert', 'update', 'remove', ...look])),
  ...APPEND_ONLY.map((it) => privilege(it, ['find', 'insert', ...look])),
];
const shaping = [...CHANGEABLE, ...APPEND_ONLY].map((it) =>
  privilege(it, ['createCollection', 'collMod', 'createIndex', 'dropIndex', ...look]),
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
ensureRole('convene-schema', [privilege('', ['listCollections']), ...shaping]);
ensureRole(
  'convene-erasure',
  APPEND_ONLY.map((it) => privilege(it, ['update'])),
  [{ role: 'convene', db: name }],
);
ensureUser('convene', password('CONVENE_PASSWORD'));
ensureUser('convene-schema', password('CONVENE_SCHEMA_PASSWORD'));
ensureUser('convene-erasure', password('CONVENE_ERASURE_PASSWORD'));
