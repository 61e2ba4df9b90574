#!/usr/bin/env bash
# Builds the image of docker/Dockerfile as root on Debian, without a container engine and without pulling an image:
#
#   apt-get install buildah debootstrap
#   docker/build-without-engine.sh             # further arguments are options of `buildah build`, such as --target build
#
# The steps are those of the Dockerfile. Only its base images are replaced, by images that are made of Debian packages. The result
# has the name localhost/convene, and is written to convene.tar for `docker load`. If syft is installed, it writes the bill of
# materials to convene.spdx.json. try-image.sh runs the image. Variables:
#
#   IMAGE_FOLDER     folder for the result, the base images and all layers: about 5 GB (target/image)
#   STORAGE_DRIVER   overlay, or vfs where overlays cannot be mounted, which takes about 20 GB
#   RUST_TOOLCHAIN   folder with bin/cargo, which the build mounts (the default toolchain)
#   CA_BUNDLE        certificate authorities that the build trusts, as PEM ($SSL_CERT_FILE, or those of this machine)
#   DEBIAN_MIRROR    mirror that debootstrap uses
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

folder=$(realpath --canonicalize-missing "${IMAGE_FOLDER:-target/image}")
toolchain=${RUST_TOOLCHAIN:-$(rustc --print sysroot)}
authorities=${CA_BUNDLE:-${SSL_CERT_FILE:-/etc/ssl/certs/ca-certificates.crt}}
mkdir -p "$folder"

mapfile -t bases < <(sed -n 's/^FROM \([^ ]*\).*/\1/p' docker/Dockerfile)
[[ ${#bases[@]} = 2 && ${bases[0]} =~ ^rust:([0-9.]+)-([a-z]+)$ ]] || { echo "unknown base images: ${bases[*]}" >&2; exit 1; }
rust=${BASH_REMATCH[1]} suite=${BASH_REMATCH[2]}
[[ $("$toolchain/bin/rustc" --version) = "rustc $rust"* ]] || { echo "$toolchain is not Rust $rust" >&2; exit 1; }

buildah() {
    command buildah --root "$folder/layers" --runroot "$folder/run" --storage-driver "${STORAGE_DRIVER:-overlay}" "$@"
}

exists() {
    buildah inspect --type image "$1" > /dev/null 2>&1
}

# Imports a folder as an image. The further arguments are options of `buildah config`.
import() {
    local name=$1 from=$2 container
    container=$(buildah from scratch)
    buildah add --quiet "$container" "$from" / > /dev/null
    buildah config "${@:3}" "$container"
    buildah commit --quiet --rm "$container" "$name" > /dev/null
    rm -r "$from"
}

# In the place of the official image of Rust: a C compiler for the dependencies that contain C. The toolchain is mounted.
if ! exists localhost/build-base; then
    rm -rf "$folder/build"
    debootstrap --variant=minbase --include=gcc,libc6-dev,ca-certificates "$suite" "$folder/build" ${DEBIAN_MIRROR:+"$DEBIAN_MIRROR"}
    import localhost/build-base "$folder/build" \
        --env PATH=/usr/local/rust/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
fi

# In the place of the distroless image: the same packages, unpacked without running their scripts, certificates, and the same users.
if ! exists localhost/runtime-base; then
    rm -rf "$folder/runtime"
    mkdir -p "$folder"/runtime/{etc/ssl/certs,home/nonroot,root,tmp,var/lib/dpkg/status.d}
    container=$(buildah from localhost/build-base)
    buildah run --isolation chroot "$container" sh -euc '
        mkdir /packages && cd /packages && apt-get update --quiet
        apt-get download --quiet base-files libc6 media-types netbase tzdata'
    packages=$(buildah mount "$container")
    for package in "$packages"/packages/*.deb; do
        dpkg-deb --extract "$package" "$folder/runtime"
        name=$(dpkg-deb --field "$package" Package)
        dpkg-deb --field "$package" > "$folder/runtime/var/lib/dpkg/status.d/$name"
    done
    cp "$packages/etc/ssl/certs/ca-certificates.crt" "$folder/runtime/etc/ssl/certs/"
    buildah rm "$container" > /dev/null
    printf '%s\n' root:x:0:0:root:/root:/sbin/nologin nonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin \
        > "$folder/runtime/etc/passwd"
    printf '%s\n' root:x:0: nonroot:x:65532: > "$folder/runtime/etc/group"
    chown 65532:65532 "$folder/runtime/home/nonroot"
    chmod 1777 "$folder/runtime/tmp"
    import localhost/runtime-base "$folder/runtime" --user 65532 --workingdir /home/nonroot \
        --env PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
        --env SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt
fi

# The format of Docker has HEALTHCHECK, which that of OCI lacks.
buildah build --format docker --isolation chroot --layers --pull-never --file docker/Dockerfile --tag localhost/convene \
    --build-context "${bases[0]}=container-image://localhost/build-base" \
    --build-context "${bases[1]}=container-image://localhost/runtime-base" \
    --volume "$toolchain:/usr/local/rust:ro" --volume "$authorities:/etc/ssl/certs/ca-certificates.crt:ro" \
    --build-arg VERSION="$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml)" --build-arg REVISION="$(git rev-parse HEAD)" \
    --label org.opencontainers.image.base.name=localhost/runtime-base \
    "$@" .

rm -f "$folder/convene.tar"
buildah push --quiet localhost/convene "docker-archive:$folder/convene.tar:localhost/convene"
echo "$folder/convene.tar: $(stat --format %s "$folder/convene.tar") bytes, $(gzip --stdout "$folder/convene.tar" | wc --bytes) compressed"
if command -v syft > /dev/null; then
    syft scan --quiet --output "spdx-json=$folder/convene.spdx.json" "docker-archive:$folder/convene.tar"
    packages=$(grep --only-matching '"SPDXID":"SPDXRef-Package' "$folder/convene.spdx.json" | wc --lines)
    echo "$folder/convene.spdx.json: $packages packages"
fi
