# shellcheck shell=bash
# `./dev test` and `./dev regenerate`: what CI makes sure of. Sourced by ./dev.

all_checks() {
  FRESH=yes
  mkdir -p "$DATA"
  exec 8>"$DATA/test.lock"
  flock -n 8 || die "Another ./dev test uses $DATA. Wait for it, or use other data and ports: --data DIR --ports BASE."
  trap 'rc=$?; end_of_checks $rc' EXIT
  prepare_data
  install_packages
  need_rust
  start_services
  loud 'format' cargo fmt --all --check
  loud 'clippy' env SQLX_OFFLINE=true cargo clippy --workspace --all-targets --locked -- -D warnings
  if cargo deny --version >/dev/null 2>&1; then
    loud 'licences and advisories' cargo deny --locked check
  else
    say '  licences and advisories: left out, cargo-deny is not installed (cargo install --locked cargo-deny)'
  fi
  services_ready
  unlock
  compare_derived --check
  loud 'npm packages' npm ci --no-audit --no-fund --prefix web-kit/tokens
  loud 'tests of web-kit' npm test --prefix web-kit/tokens
  write_test_env
  loud 'tests' run_tests "${ARGS[@]}"
}
end_of_checks() {
  trap - EXIT
  ( (down) ) || true
  time_table
  if (($1)); then say "${RED}Not passed.${PLAIN} Logs: $DATA/log/"; else say 'All passed.'; fi
  exit "$1"
}

# run_tests [FILTER…]
run_tests() {
  set -a
  . "$DATA/test.env"
  set +a
  if cargo nextest --version >/dev/null 2>&1; then
    cargo nextest run --workspace --locked --no-fail-fast "$@"
  else
    cargo test --workspace --locked -- "$@"
  fi
}

# What tests need to find the services, and to start them again after they killed them ($SURV_TEST_DEV services …).
write_test_env() {
  cat >"$DATA/test.env" <<END
SQLX_OFFLINE=true
SURV_TEST_SUPERUSER_URL=postgres://postgres:$PG_PASSWORD@127.0.0.1:$PG_PORT/postgres
SURV_TEST_PG_DIR=$DATA/postgres
SURV_TEST_PG_BIN=$PG_BIN
SURV_TEST_PG_PORT=$PG_PORT
SURV_TEST_REDIS_URL=$REDIS_URL
SURV_TEST_REDIS_PORT=$REDIS_PORT
SURV_TEST_REDIS_PASSWORD=$REDIS_PASSWORD
SURV_TEST_S3_ENDPOINT=http://127.0.0.1:$S3_PORT
SURV_TEST_S3_REGION=us-east-1
SURV_TEST_S3_BUCKET=$BUCKET
SURV_TEST_S3_ACCESS_KEY_ID=$S3_ACCESS_KEY_ID
SURV_TEST_S3_SECRET_ACCESS_KEY=$S3_SECRET_ACCESS_KEY
SURV_TEST_DEV=$ROOT/dev
SURV_TEST_DATA=$DATA
SURV_TEST_PORTS=$PORTS
END
}

# Every file that is derived by a command of `surv`: "file command…". Add yours here.
DERIVED=(
  'openapi/surv.v1.json openapi'
  'docs/problems.md docs problems'
  'docs/configuration.md docs configuration'
)

# ./dev regenerate [--check]
regenerate() {
  local running
  running=$(pid_of postgres) || true
  # Services that were not there before go again.
  [[ -n $running ]] || trap 'down' EXIT
  prepare_data
  install_packages
  need_rust
  start_services
  services_ready
  unlock
  compare_derived "${ARGS[@]}"
}

compare_derived() {
  case ${1:-} in '' | --check) CHECK=${1:-} ;; *) die "regenerate knows --check, not '$1'." ;; esac
  loud '.sqlx: what the queries look like' regenerate_sqlx
  loud 'building surv' build -p surv
  find_programs
  step 'derived files' regenerate_files
}

regenerate_files() {
  local line file made words rc=0
  made=$(mktemp -d)
  for line in "${DERIVED[@]}"; do
    file=${line%% *}
    read -ra words <<<"${line#* }"
    mkdir -p "$made/$(dirname "$file")"
    "$BIN/surv" "${words[@]}" >"$made/$file"
    put "$made/$file" "$file" || rc=1
  done
  rm -rf "$made"
  return $rc
}

# put MADE KEPT: compare (--check) or replace a file or folder.
put() {
  local difference
  if [[ -z $CHECK ]]; then
    mkdir -p "$(dirname "$2")"
    rm -rf "$2"
    cp -r "$1" "$2"
    find "$2" -exec chmod u=rwX,go=rX {} +
  elif ! difference=$(diff -ruN "$2" "$1"); then
    head -n 40 <<<"$difference"
    say "$2 is not what the sources say. Run ./dev regenerate and commit the result."
    return 1
  fi
}

# The macros of sqlx write what they learnt about each query while they compile, so every source is compiled
# anew: it is made to look changed, and gets its time back so that the next build finds nothing to do.
regenerate_sqlx() {
  local inputs made times rc=0
  # ls-files: what git knows or would add, so no build products.
  inputs=$(git ls-files -co --exclude-standard -- '*.rs' '*.sql' '*.toml' Cargo.lock .sqlx | sort | xargs -d '\n' sha256sum 2>/dev/null | sha256sum)
  if [[ -n $CHECK && $inputs == "$(cat "$DATA/sqlx.checked" 2>/dev/null)" ]]; then
    say '    no source, migration or query changed since the last comparison'
    return
  fi
  schema_for_sqlx
  made=$(mktemp -d) times=$(mktemp)
  git ls-files -co --exclude-standard -- '*.rs' | while read -r f; do stat -c '%.Y %n' "$f"; done >"$times"
  cut -d' ' -f2- "$times" | xargs -d '\n' touch
  SQLX_OFFLINE=false SQLX_OFFLINE_DIR=$made DATABASE_URL=postgres://postgres:$PG_PASSWORD@127.0.0.1:$PG_PORT/surv_sqlx \
    cargo check --workspace --all-targets --locked || rc=$?
  while read -r at f; do touch -d "@$at" "$f"; done <"$times"
  ((rc)) || { mkdir -p .sqlx && put "$made" .sqlx; } || rc=1
  rm -rf "$made" "$times"
  ((rc)) || printf '%s\n' "$inputs" >"$DATA/sqlx.checked"
  return $rc
}

# A database with today's tables, made by psql: `surv migrate` cannot be built while .sqlx is out of date.
schema_for_sqlx() {
  local file one
  local -x PGOPTIONS='-c client_min_messages=warning'
  psql_super -d postgres -c 'drop database if exists surv_sqlx' -c 'create database surv_sqlx'
  for file in rls-policies/{roles,database,context}.sql migrations/sql/*.sql; do
    if [[ $(head -n1 "$file") == '-- no-transaction'* ]]; then one=(); else one=(-1); fi
    psql_super -d surv_sqlx "${one[@]}" -f "$file" >/dev/null
  done
  # As rls-policies does it: the owners of the functions may create them.
  psql_super -d surv_sqlx -1 -c 'grant create on schema app to surv_gate_fn, surv_directory_fn' -f rls-policies/functions.sql >/dev/null
}
