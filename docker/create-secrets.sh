#!/usr/bin/env bash
# Writes random passwords, the key of the replica set and the connection strings of the three database users, as
# compose.production.yaml needs them. Existing files stay as they are, also if other members are named.
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

for name in mongo-root mongo-schema mongo-convene mongo-erasure jwt; do
    [ -e "$name" ] || openssl rand -hex 32 > "$name"
done
[ -e mongo-members ] || openssl rand -base64 756 > mongo-members
for name in convene schema erasure; do
    user=convene-$name
    [ "$name" = convene ] && user=convene
    [ -e "$name-uri" ] || printf 'mongodb://%s:%s@%s/convene?replicaSet=rs0' "$user" "$(cat "mongo-$name")" "$members" > "$name-uri"
done
