// Distributes the collections of Convene over the shards of a cluster, by organization. Run it as a cluster administrator,
// after `convene migrate`, on a router:
//
//   mongosh --file shard.js 'mongodb://admin@router/admin'
//
// A second run changes nothing. To move an organization to the shards of a zone (sh.addShardToZone), name both:
//
//   CONVENE_ORGANIZATION=org_... CONVENE_ZONE=large mongosh --file shard.js 'mongodb://admin@router/admin'
//
// Three collections stay on the primary shard of the database. `organizations` (slug) and `idempotency` (keys of the operator) have
// a unique index without the organization; `realignments` has one document.

const name = process.env.CONVENE_DATABASE ?? 'convene';
const key = { organization: 1 };

sh.shardCollection(`${name}.members`, key);
sh.shardCollection(`${name}.events`, key);
sh.shardCollection(`${name}.occurrences`, key);
sh.shardCollection(`${name}.agendas`, key);
sh.shardCollection(`${name}.registrations`, key);
sh.shardCollection(`${name}.issues`, key);
sh.shardCollection(`${name}.activity`, key);
sh.shardCollection(`${name}.revisions`, key);
sh.shardCollection(`${name}.jobs`, key);

const organization = process.env.CONVENE_ORGANIZATION;
const zone = process.env.CONVENE_ZONE;
if (organization && zone) {
  // The range has one value of the shard key: the next text after it ends the range.
  const [from, to] = [{ organization }, { organization: `${organization}\u0000` }];
  sh.updateZoneKeyRange(`${name}.members`, from, to, zone);
  sh.updateZoneKeyRange(`${name}.events`, from, to, zone);
  sh.updateZoneKeyRange(`${name}.occurrences`, from, to, zone);
  sh.updateZoneKeyRange(`${name}.agendas`, from, to, zone);
  sh.updateZoneKeyRange(`${name}.registrations`, from, to, zone);
  sh.updateZoneKeyRange(`${name}.issues`, from, to, zone);
  sh.updateZoneKeyRange(`${name}.activity`, from, to, zone);
  sh.updateZoneKeyRange(`${name}.revisions`, from, to, zone);
  sh.updateZoneKeyRange(`${name}.jobs`, from, to, zone);
}
