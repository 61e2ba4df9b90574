// Initiates a replica set the first time, and succeeds when it has a primary.
//
//   mongosh --file replica-set.js
//
// CONVENE_MONGODB_MEMBERS has the members as drivers reach them, with commas between them: a single one by default, for the
// health check of the development database. CONVENE_MONGODB_WAIT has the seconds to wait for the election, 0 by default.

const members = (process.env.CONVENE_MONGODB_MEMBERS ?? 'mongo:27017').split(',');
const wait = Number(process.env.CONVENE_MONGODB_WAIT ?? 0);

try {
  rs.status();
} catch (error) {
  if (error.codeName !== 'NotYetInitialized') throw error;
  rs.initiate({ _id: 'rs0', members: members.map((host, _id) => ({ _id, host })) });
}

for (let waited = 0; waited < wait && !db.hello().primary; waited++) sleep(1000);

if (!db.hello().primary) quit(1);
