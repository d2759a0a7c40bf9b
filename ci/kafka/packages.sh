#!/usr/bin/env bash
# Installs what the other scripts here and the build of quintet's Kafka client need and this machine
# does not have, from Debian's own packages. Does nothing where all is there.
#
# Needs: root where anything is missing.
set -euo pipefail

missing=()
# A program or file, and the package that has it.
while read -r wanted package; do
    case $wanted in
        /*) [ -e "$wanted" ] || missing+=("$package") ;;
        *) command -v "$wanted" > /dev/null || missing+=("$package") ;;
    esac
done << 'EOF'
g++ g++
make make
pkg-config pkg-config
/usr/include/openssl/ssl.h libssl-dev
openssl openssl
java openjdk-17-jdk-headless
jlink openjdk-17-jdk-headless
mvn maven
docker docker.io
dockerd docker.io
iptables iptables
EOF

if [ "${#missing[@]}" -gt 0 ]; then
    export DEBIAN_FRONTEND=noninteractive
    apt-get update --quiet=2
    apt-get install --quiet=2 --yes --no-install-recommends "${missing[@]}" > /dev/null
fi
