#!/usr/bin/env bash
# Runs as root: installs the packages named, without letting them start or enable their services. Called by deploy/dev/packages.sh.
set -euo pipefail
umask 022
export DEBIAN_FRONTEND=noninteractive

# Debian asks policy-rc.d before it starts a service; 101 forbids. A policy that was there is put back.
policy=/usr/sbin/policy-rc.d saved=''
restore() { if [[ -n $saved ]]; then mv -f "$saved" "$policy"; else rm -f "$policy"; fi; }
if [[ -e $policy || -L $policy ]]; then
  saved=$policy.before-surv
  mv -f "$policy" "$saved"
fi
trap restore EXIT
printf '#!/bin/sh\nexit 101\n' >"$policy"
chmod 755 "$policy"

apt-get update -qq || echo 'apt-get update failed; trying with the lists that are here'
apt-get install -y -qq --no-install-recommends -o Dpkg::Use-Pty=0 "$@"

# Nor at the next boot: the stack has servers of its own, and these would take 5432 and 6379.
if [[ -d /run/systemd/system ]]; then
  for package in "$@"; do
    case $package in
      postgresql-15) systemctl disable --quiet postgresql || true ;;
      redis-server) systemctl disable --quiet redis-server || true ;;
    esac
  done
fi
