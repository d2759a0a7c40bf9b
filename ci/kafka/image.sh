#!/usr/bin/env bash
# Makes the image that `--on container` asks for out of Apache Kafka's published jars, where the
# real one cannot be pulled, and loads it into Docker as IMAGE:TAG. An image that is there stays.
#
# It holds what testcontainers' module for apache/kafka expects of one: bash, a folder /opt/kafka to
# put the start script into, and /etc/kafka/docker/run, which starts the broker as its environment
# says. Everything else is a Java runtime with the modules that a broker uses, and the jars.
#
# Needs: Docker, a JDK of version 17 or later with its jmods, Maven for the jars.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
image=${QUINTET_KAFKA_IMAGE:-apache/kafka}:${QUINTET_KAFKA_TAG:-4.1.0}

if docker image inspect "$image" > /dev/null 2>&1; then
    echo "$image is there"
    exit
fi
libs=$("$here/fetch.sh")
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT

mkdir -p "$root"/{bin,usr/bin,etc/kafka/docker,opt/kafka/libs,tmp}
chmod 1777 "$root/tmp"
cp "$libs"/*.jar "$root/opt/kafka/libs/"
cp "$here/log4j2.properties" "$root/opt/kafka/"
install -m 755 "$here/run.sh" "$root/etc/kafka/docker/run"

jlink --output "$root/opt/java" --strip-debug --no-header-files --no-man-pages --compress=2 \
    --add-modules java.base,java.desktop,java.management,java.naming,java.security.jgss,java.security.sasl,jdk.crypto.ec,jdk.unsupported
# java.desktop is there for one package; what draws, plays and writes in it is not.
rm -f "$root"/opt/java/lib/lib{awt*,font*,freetype,harfbuzz,jsound,lcms,mlib_image,splashscreen,javajpeg,jawt}.so

# The few programs that start scripts call, each with the libraries that it is linked to.
libraries() { ldd "$1" | grep -o '/[^ )]*' || true; }
for program in bash env sleep chmod; do
    cp "$(readlink -f "$(command -v "$program")")" "$root/usr/bin/$program"
done
cp "$root/usr/bin/bash" "$root/bin/bash"
ln -s bash "$root/bin/sh"
for file in "$root"/usr/bin/* "$root/opt/java/bin/java" $(find "$root/opt/java/lib" -name '*.so'); do
    for library in $(libraries "$file"); do
        case $library in "$root"/*) continue ;; esac
        mkdir -p "$root$(dirname "$library")"
        cp -n -L "$library" "$root$library"
    done
done

tar --create --directory "$root" --owner 0 --group 0 . | docker import \
    --change 'ENV PATH=/opt/java/bin:/usr/bin:/bin LANG=C.UTF-8' \
    --change 'WORKDIR /opt/kafka' --change 'CMD ["/etc/kafka/docker/run"]' - "$image"
