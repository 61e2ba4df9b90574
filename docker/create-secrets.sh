#!/usr/bin/env bash
# Writes random passwords, the key of the replica set and the connection strings of the three database users, as
# compose.production.yaml needs them. Existing files stay as they are; a URI with other members is reported.
#
#   docker/create-secrets.sh [folder [members of the replica set]]
#
# Only the owner can enter the folder (docker/secrets). Its files are readable for all, because the user of a container reads them.
set -euo pipefail

folder=${1:-$(dirname "${BASH_SOURCE[0]}")/secrets}
members=${2:-mongo-0:27017,mongo-1:27017,mongo-2:27017}
umask 022
mkdir -p "$folder"
chmod 700 "$folder"
cd "$folder"

# Writes the output of a command to a file, which does not exist if the command fails.
create() {
    local file=$1
    shift
    "$@" > "$file.new"
    mv "$file.new" "$file"
}

for name in mongo-root mongo-schema mongo-convene mongo-erasure jwt; do
    [ -s "$name" ] || create "$name" openssl rand -hex 32
done
[ -s mongo-members ] || create mongo-members openssl rand -base64 756
for name in convene schema erasure; do
    user=convene-$name
    [ "$name" = convene ] && user=convene
    if [ ! -s "$name-uri" ]; then
        create "$name-uri" printf 'mongodb://%s:%s@%s/convene?replicaSet=rs0' "$user" "$(cat "mongo-$name")" "$members"
    elif ! grep -qF "@$members/" "$name-uri"; then
        echo "$name-uri keeps its members, which are not $members; delete it to name others" >&2
    fi
done
