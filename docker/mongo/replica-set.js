// Initiates a replica set the first time, and succeeds when it has a primary. Otherwise it prints the reason and ends with 1.
//
//   mongosh --file replica-set.js
//
// CONVENE_MONGODB_MEMBERS has the members as drivers reach them, with commas between them: a single one by default, for the
// health check of the development database. CONVENE_MONGODB_WAIT has the seconds to wait for the election, 0 by default.

const members = (process.env.CONVENE_MONGODB_MEMBERS ?? 'mongo:27017').split(',');
const wait = Number(process.env.CONVENE_MONGODB_WAIT ?? 0);

function fail(reason) {
  print(`replica-set.js: ${reason}`);
  quit(1);
}

function initiate() {
  try {
    rs.initiate({ _id: 'rs0', members: members.map((host, _id) => ({ _id, host })) });
  } catch (error) {
    fail(`the replica set was not initiated: ${error.message}. CONVENE_MONGODB_MEMBERS is ${members.join(',')}: \
it must name every member as the others reach it, the one that runs the script as well`);
  }
}

try {
  rs.status();
} catch (error) {
  if (error.codeName === 'NotYetInitialized') initiate();
  else fail(`the state of the replica set cannot be read: ${error.message}`);
}

for (let waited = 0; waited < wait && !db.hello().primary; waited++) sleep(1000);

if (!db.hello().primary) {
  fail(`the replica set is initiated and has no primary after ${wait} s (CONVENE_MONGODB_WAIT). Run the script again`);
}
