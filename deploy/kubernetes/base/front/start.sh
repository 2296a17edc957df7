#!/bin/sh
# Puts the front's files together and runs what it is given: start.sh nginx …
# nginx asks name servers by itself, but neither reads /etc/resolv.conf nor knows
# search domains. The first one of those is the namespace's own.
set -eu

folder=${FRONT_FOLDER:-/tmp/front}
resolv=${RESOLV_CONF:-/etc/resolv.conf}

# An IPv6 address stands in brackets.
resolvers=$(awk '$1 == "nameserver" {
    printf "%s%s", separator, index($2, ":") ? "[" $2 "]" : $2; separator = " " }' "$resolv")
domain=$(awk '$1 == "search" { print $2; exit }' "$resolv")
if [ -z "$resolvers" ] || [ -z "$domain" ]; then
    echo "$resolv names no server or no search domain: the pod needs dnsPolicy ClusterFirst" >&2
    exit 1
fi

mkdir -p "$folder"
cp "$(dirname "$0")"/*.conf "$folder"
sed -e "s/@resolvers@/$resolvers/" -e "s/@domain@/$domain/" \
    "$(dirname "$0")/upstreams.conf" >"$folder/upstreams.conf"
exec "$@"
