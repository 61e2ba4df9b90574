// The health check of a MongoDB container. It initiates a replica set of one member the first time, and succeeds when
// the server is a writable primary.
//
//   mongosh --file replica-set.js

try {
  rs.status();
} catch (error) {
  if (error.codeName !== 'NotYetInitialized') throw error;
  // The host name in the network of the containers, because drivers connect to it.
  rs.initiate({ _id: 'rs0', members: [{ _id: 0, host: process.env.CONVENE_MONGODB_HOST ?? 'mongo:27017' }] });
}

if (!db.hello().isWritablePrimary) quit(1);
