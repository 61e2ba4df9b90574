#!/usr/bin/env bash
# Runs the image localhost/convene of build-without-engine.sh with Podman, under the conditions of compose.production.yaml: three
# MongoDB members with authentication, a database user for each task, and a container without rights. Fails at the first
# expectation that does not hold.
#
#   apt-get install podman
#   docker/try-image.sh
#
#   IMAGE_FOLDER, STORAGE_DRIVER   as for build-without-engine.sh
#   MONGOD, MONGOSH                the programs of MongoDB (mongod and mongosh)
#   MONGODUMP, MONGORESTORE        the Database Tools; without both, the backup is not tried
#   FIRST_PORT                     the first of five free ports (28100)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

images=$(realpath --canonicalize-missing "${IMAGE_FOLDER:-../target/image}")
first=${FIRST_PORT:-28100}
client=127.0.0.1:$((first + 3)) probe=127.0.0.1:$((first + 4))
members=127.0.0.1:$first,127.0.0.1:$((first + 1)),127.0.0.1:$((first + 2))
folder=$(mktemp --directory)
secrets=$folder/secrets

podman() {
    # Podman reports at the level error that it cannot schedule health checks without systemd.
    command podman --log-level fatal --root "$images/layers" --runroot "$images/run" --storage-driver "${STORAGE_DRIVER:-overlay}" "$@"
}

# The restrictions of compose.production.yaml. The first argument is the name of the secret with the connection string.
run() {
    podman run --network host --read-only --read-only-tmpfs=false --cap-drop all --security-opt no-new-privileges \
        --health-interval disable \
        --volume "$secrets/$1:/run/secrets/$1:ro" --env CONVENE_MONGODB_URI_FILE="/run/secrets/$1" \
        --volume "$secrets/jwt:/run/secrets/jwt:ro" --env CONVENE_JWT_SECRET_FILE=/run/secrets/jwt \
        --env CONVENE_LISTEN="$client" --env CONVENE_PROBE_LISTEN="$probe" "${@:2}"
}

evaluate() {
    "${MONGOSH:-mongosh}" --quiet "$@"
}

start_member() {
    local member=$1
    "${MONGOD:-mongod}" --dbpath "$folder/member-$member" --port $((first + member)) --bind_ip 127.0.0.1 --wiredTigerCacheSizeGB 0.25 \
        --fork --pidfilepath "$folder/member-$member.pid" --logpath "$folder/member-$member.log" "${@:2}" > /dev/null
}

stop_members() {
    local file pid
    for file in "$folder"/*.pid; do
        if [ -e "$file" ]; then
            pid=$(cat "$file")
            kill "$pid"
            tail --pid="$pid" --follow /dev/null
            rm "$file"
        fi
    done
}

clean_up() {
    podman rm --force --ignore --time 1 convene-try > /dev/null 2>&1 || true
    stop_members
    rm -rf "$folder"
}
trap clean_up EXIT

expect() {
    local text=$1
    shift
    "$@" > "$folder/output" 2>&1 || { cat "$folder/output"; echo "NOT: $text" >&2; exit 1; }
    echo "ok: $text"
}

expect_failure() {
    local text=$1
    shift
    if "$@" > "$folder/output" 2>&1; then cat "$folder/output"; echo "NOT: $text" >&2; exit 1; fi
    echo "ok: $text"
}

mkdir "$folder"/member-{0,1,2}
./create-secrets.sh "$secrets" "$members"
# mongod refuses a key file that others can read.
install --mode 400 "$secrets/mongo-members" "$folder/members"

# Like the entry point of MongoDB's image: the first member creates the administrator before it requires authentication.
start_member 0
ROOT_PASSWORD=$(cat "$secrets/mongo-root") evaluate --port "$first" --eval \
    "db.getSiblingDB('admin').createUser({ user: 'root', pwd: process.env.ROOT_PASSWORD, roles: ['root'] })" > /dev/null
stop_members
for member in 0 1 2; do start_member $member --replSet rs0 --keyFile "$folder/members"; done

root() {
    evaluate --username root --password "$(cat "$secrets/mongo-root")" "$@"
}
update_users() {
    CONVENE_PASSWORD_FILE=$secrets/mongo-convene CONVENE_SCHEMA_PASSWORD_FILE=$secrets/mongo-schema \
        CONVENE_ERASURE_PASSWORD_FILE=$secrets/mongo-erasure root --host "rs0/$members" --file mongo/least-role.js
}
CONVENE_MONGODB_MEMBERS=$members CONVENE_MONGODB_WAIT=60 expect "replica-set.js initiates three members" \
    root --port "$first" --file mongo/replica-set.js
expect "least-role.js creates the database users" update_users
expect "least-role.js can run again" update_users
expect_failure "MongoDB requires authentication" evaluate "mongodb://$members/convene?replicaSet=rs0" --eval 'db.events.findOne()'

expect_failure "a server does not start before the schema exists, because its user may not create it" \
    run convene-uri --rm localhost/convene
cp "$folder/output" "$folder/refusal"
expect "its message has the reason" grep Unauthorized "$folder/refusal"
expect "migrate creates the schema as convene-schema" run schema-uri --rm localhost/convene migrate
expect "seed loads the demo data as convene" run convene-uri --rm localhost/convene seed /seeds
expect "check finds no violation as convene" run convene-uri --rm localhost/convene check
expect_failure "a server does not start as convene-schema, which may not read" run schema-uri --rm localhost/convene
cp "$folder/output" "$folder/refusal"
expect "its message has the reason" grep "the database cannot be read" "$folder/refusal"

run convene-uri --detach --name convene-try localhost/convene > /dev/null
ready() {
    local attempt
    for attempt in $(seq 60); do
        podman healthcheck run convene-try && return
        sleep 1
    done
    podman logs convene-try
    return "$attempt"
}
expect "HEALTHCHECK succeeds when the server is ready" ready

status() {
    grep --extended-regexp --quiet "$1" "/proc/$(podman inspect --format '{{ .State.Pid }}' convene-try)/$2"
}
expect "the user is 65532" status '^Uid:(.65532){4}$' status
expect "the process has no capability" status '^CapBnd:.0+$' status
expect "the process cannot gain rights" status '^NoNewPrivs:.1$' status
expect "the root of the file system is read-only" status ' / / ro,' mountinfo
expect_failure "nothing else is writable" sh -euc "grep --extended-regexp ' /(tmp|var|home|run|usr)[^ ]* rw,' \
    /proc/$(podman inspect --format '{{ .State.Pid }}' convene-try)/mountinfo | grep --invert-match ' /run/\(secrets\|.containerenv\)'"
programs() {
    (cd "$(podman image mount localhost/convene)" && find . -path '*bin/*' ! -type d)
    podman image unmount localhost/convene > /dev/null
}
expect "the image has no shell, and no program but convene" test "$(programs)" = ./usr/local/bin/convene
expect_failure "a shell cannot be run" podman exec convene-try sh -c true

convene() {
    podman exec convene-try /usr/local/bin/convene "$@"
}
ask() {
    curl --silent --show-error --fail "http://$client/graphql" --header "Authorization: Bearer $1" --header 'Content-Type: application/json' \
        --data "$2" | tee "$folder/answer"
    grep --quiet "$3" "$folder/answer"
}
operator=$(convene token --operator --user root --hours 1)
# shellcheck disable=SC2016 # $input is a variable of GraphQL
expect "the operator creates an organization" ask "$operator" '{"query":
    "mutation($input: CreateOrganizationInput!) { createOrganization(input: $input) { organization { slug } userErrors { code message } } }",
    "variables": {"input": {"slug": "choir", "name": "Choir", "timeZone": "Europe/Paris", "adminUserId": "ada",
    "adminDisplayName": "Ada", "idempotencyKey": "choir"}}}' '"organization":{"slug":"choir"}'
ada=$(convene token --org choir --user ada)
expect "its admin reads it" ask "$ada" '{"query": "{ viewer { member { role } } }"}' ADMIN
expect "check finds no violation while the server runs" convene check

# The examples of docs/operations/database-users.md, as each user.
cat > "$folder/rights.js" <<'END'
function refused(text, operation) {
  let code;
  try { code = operation()?.code; } catch (error) { code = error.code; }
  if (code !== 13) { print(`${text} was not refused as unauthorized: ${code}`); quit(1); }
}
const erasure = process.env.USER_NAME === 'convene-erasure';
const schema = process.env.USER_NAME === 'convene-schema';
const change = () => db.activity.updateOne({ _id: 'none' }, { $set: { actor: 'nobody' } });
if (erasure) change(); else refused('a change of the log', change);
refused('dropping the log', () => db.activity.drop());
refused('a write without validation', () =>
  db.runCommand({ insert: 'events', documents: [{}], bypassDocumentValidation: true }));
refused('another database', () => db.getSiblingDB('other').things.insertOne({}));
if (schema) {
  refused('reading', () => db.events.findOne());
  refused('writing', () => db.events.insertOne({}));
} else {
  db.events.findOne();
  refused('a change of a validator', () => db.runCommand({ collMod: 'activity', validator: {} }));
  refused('a new index', () => db.events.createIndex({ nothing: 1 }));
}
END
for user in convene schema erasure; do
    name=$([ $user = convene ] && echo convene || echo convene-$user)
    USER_NAME=$name expect "MongoDB enforces the rights of $name" evaluate "$(cat "$secrets/$user-uri")" --file "$folder/rights.js"
done
expect "erase removes a person as convene-erasure" run erasure-uri --rm localhost/convene erase --org org-123 --user user-789 --yes
expect_failure "erase is refused as convene" run convene-uri --rm localhost/convene erase --org choir --user ada --yes
expect "check finds no violation after an erasure" convene check

# The backup of docs/operations/backup.md.
backup=
if [ -n "${MONGODUMP:-}" ] && [ -n "${MONGORESTORE:-}" ]; then
    openssl rand -hex 32 > "$secrets/backup"
    create_backup_user() {
        BACKUP_PASSWORD=$(cat "$secrets/backup") root --host "rs0/$members" --eval \
            "db.getSiblingDB('admin').createUser({ user: 'backup', pwd: process.env.BACKUP_PASSWORD, roles: ['backup'] })"
    }
    expect "an administrator creates the user for backups" create_backup_user
    backup=$folder/convene.gz
    expect "mongodump writes a backup while the server runs" "$MONGODUMP" \
        --uri "mongodb://backup:$(cat "$secrets/backup")@$members/?replicaSet=rs0&authSource=admin" --oplog --gzip --archive="$backup"
    create_later_organization() {
        # shellcheck disable=SC2016 # $input is a variable of GraphQL
        ask "$operator" '{"query": "mutation($input: CreateOrganizationInput!) { createOrganization(input: $input) { organization { slug } } }",
            "variables": {"input": {"slug": "later", "name": "Later", "timeZone": "Europe/Paris", "adminUserId": "bob",
            "adminDisplayName": "Bob", "idempotencyKey": "later"}}}' '"slug":"later"'
    }
    expect "an organization is created after the backup" create_later_organization
fi

# A request of which the second half is sent after SIGTERM.
body='{"query": "{ __typename }"}'
exec 3<> "/dev/tcp/${client/:/\/}"
printf 'POST /graphql HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nContent-Length: %s\r\nConnection: close\r\n\r\n%s' \
    "$client" "$ada" ${#body} "${body:0:9}" >&3
sleep 1
start=$(date +%s%N)
podman stop --time 40 convene-try > /dev/null 2>&1 &
sleep 1
printf '%s' "${body:9}" >&3
expect "a request in flight is answered after SIGTERM" grep --quiet '"__typename":"Query"' <&3
exec 3>&-
wait
milliseconds=$((($(date +%s%N) - start) / 1000000))
expect "SIGTERM ends the server cleanly, after $milliseconds ms" test "$(podman inspect --format '{{ .State.ExitCode }}' convene-try)" = 0

if [ -n "$backup" ]; then
    expect "the database is lost" root --host "rs0/$members" --eval "db.getSiblingDB('convene').dropDatabase()"
    expect "mongorestore restores it" "$MONGORESTORE" \
        --uri "mongodb://root:$(cat "$secrets/mongo-root")@$members/?replicaSet=rs0&authSource=admin" \
        --drop --oplogReplay --gzip --archive="$backup"
    expect "migrate accepts the restored database" run schema-uri --rm localhost/convene migrate
    expect "check finds no violation after the restoration" run convene-uri --rm localhost/convene check
    expect "it has examined what was restored" grep "examined: organizations" "$folder/output"
fi

podman start convene-try > /dev/null 2>&1
expect "the server starts again" ready
if [ -n "$backup" ]; then
    expect "the organization from before the backup exists" ask "$ada" '{"query": "{ viewer { member { role } } }"}' ADMIN
    later=$(convene token --org later --user bob)
    expect_failure "the organization from after the backup does not" ask "$later" '{"query": "{ viewer { member { role } } }"}' ADMIN
fi
stop_members
# The server notices it some seconds later.
unready() {
    local attempt
    for attempt in $(seq 20); do
        podman healthcheck run convene-try || return 0
        sleep 1
    done
    return "$attempt"
}
expect "HEALTHCHECK fails when MongoDB is gone" unready
expect "the server still lives" curl --silent --fail "http://$probe/livez"
podman stop --time 40 convene-try > /dev/null 2>&1
expect "SIGTERM ends the server without MongoDB" test "$(podman inspect --format '{{ .State.ExitCode }}' convene-try)" = 0

podman image inspect --format '{{ .Size }} bytes, {{ len .RootFS.Layers }} layers, user {{ .User }}, version {{ index .Labels "org.opencontainers.image.version" }}, revision {{ index .Labels "org.opencontainers.image.revision" }}' localhost/convene
podman history --format '{{ .Size }}  {{ .CreatedBy }}' --no-trunc localhost/convene | cut --characters 1-120
