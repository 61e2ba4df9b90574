// The health check of a MongoDB container: makes the server a replica set of one the first time, and succeeds
// once it takes writes.
//
//   mongosh --file replica-set.js

try {
  rs.status();
} catch (error) {
  if (error.codeName !== 'NotYetInitialized') throw error;
  // The name by which the other containers find this one, so that drivers can follow it.
  rs.initiate({ _id: 'rs0', members: [{ _id: 0, host: process.env.CONVENE_MONGODB_HOST ?? 'mongo:27017' }] });
}

if (!db.hello().isWritablePrimary) quit(1);
