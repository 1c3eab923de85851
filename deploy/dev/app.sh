# shellcheck shell=bash
# Build, configure and run Surv itself on the services of a stack, and describe it in the stack file. Sourced by ./dev.

up() {
  say "Surv: data in $DATA, ports from $PORTS"
  prepare_data
  install_packages
  need_rust
  start_services
  loud 'building' build -p surv -p surv-simulators "${ALSO_BUILD[@]}"
  services_ready
  find_programs
  write_configuration
  step 'migrating' migrate
  start_simulators
  start_surv
  step 'loading two demo companies' surv demo --json "$DATA/demo.json"
  write_stack_file
  unlock
  summary
}

# More to build together with the program: built by itself a crate may want other features of what both use.
ALSO_BUILD=()
# build -p CRATE…: the queries are checked against the committed .sqlx, so no database is needed.
build() { SQLX_OFFLINE=true cargo build --locked --bins --profile "$PROFILE" "$@"; }
find_programs() {
  local target
  target=$(cargo metadata --format-version 1 --no-deps --locked | jq -r .target_directory)
  if [[ $PROFILE == dev ]]; then BIN=$target/debug; else BIN=$target/$PROFILE; fi
}
# What changes when a program was built anew.
stamp() { stat -c '%Y %s %i' "$BIN/$1"; }

# surv COMMAND…: with the configuration of this stack.
surv() (set -a; . "$DATA/surv.env"; set +a; exec "$BIN/surv" "$@")

write_configuration() {
  local name
  step 'keys of the simulators' make_simulator_keys
  {
    echo "SURV_HTTP__LISTEN=127.0.0.1:$API_PORT"
    echo "SURV_HTTP__PUBLIC_URL=http://127.0.0.1:$API_PORT"
    echo "SURV_LINKS__CONSOLE_URL=http://127.0.0.1:$API_PORT"
    echo "SURV_LINKS__PORTAL_URL=http://{slug}.localhost:$API_PORT"
    echo "SURV_WORKER__LISTEN=127.0.0.1:$WORKER_PORT"
    echo 'SURV_DATABASE__HOST=127.0.0.1'
    echo "SURV_DATABASE__PORT=$PG_PORT"
    echo 'SURV_DATABASE__NAME=surv'
    for name in "${LOGINS[@]}"; do login_password "SURV_DATABASE__PASSWORDS__${name^^}=" "$name"; done
    echo "SURV_REDIS__URL=$REDIS_URL"
    echo "SURV_S3__ENDPOINT=http://127.0.0.1:$S3_PORT"
    echo 'SURV_S3__REGION=us-east-1'
    echo "SURV_S3__BUCKET=$BUCKET"
    echo "SURV_S3__ACCESS_KEY_ID=$S3_ACCESS_KEY_ID"
    echo "SURV_S3__SECRET_ACCESS_KEY=$S3_SECRET_ACCESS_KEY"
    echo "SURV_TOKENS__ROOT_KEY=$ROOT_KEY"
    echo 'SURV_TOKENS__ROOT_KEY_ID=1'
    echo "SURV_SECRETS__SEAL_KEY=$SEAL_KEY"
    echo "SURV_SENDGRID__BASE_URL=http://127.0.0.1:$SIM_PORT/sendgrid"
    echo "SURV_SENDGRID__API_KEY=$SENDGRID_API_KEY"
    echo "SURV_SENDGRID__WEBHOOK_PUBLIC_KEY=$(jq -r .sendgrid.webhook_public_key "$DATA/simulators/keys.json")"
    [[ -z ${LIMITS:-} ]] || no_limits
  } >"$DATA/surv.env"
}
make_simulator_keys() {
  mkdir -p "$DATA/simulators"
  "$BIN/surv-simulators" keys --dir "$DATA/simulators" >"$DATA/simulators/keys.json"
}
login_password() { local value=LOGIN_${2^^}; printf '%s%s\n' "$1" "${!value}"; }

# Only this step gets the superuser: it makes the roles; nothing that serves requests ever sees it.
migrate() { SURV_DATABASE__SUPERUSER_URL=$SUPERUSER_URL surv migrate; }

start_simulators() {
  step 'starting the simulators' launch simulators "$SIM_PORT" "$(stamp surv-simulators)" "$BIN/surv-simulators" serve \
    --listen "127.0.0.1:$SIM_PORT" --dir "$DATA/simulators" --webhook-target "sendgrid=http://127.0.0.1:$API_PORT/inbound/sendgrid"
  step 'the simulators answer' answers simulators 15 listens "$SIM_PORT"
}
listens() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# One that runs but is not healthy is started anew.
start_surv() {
  local mark
  mark="$(stamp surv) $(sha256sum <"$DATA/surv.env")"
  step 'starting the API server' start_role api "$API_PORT" "$mark" serve ready
  step 'starting the worker' start_role worker "$WORKER_PORT" "$mark" work health
}
start_role() {
  local name=$1 port=$2 mark=$3 role=$4 path=$5
  if [[ -n $(pid_of "$name") ]] && ! http_ok "http://127.0.0.1:$port/$path"; then halt "$name"; fi
  set -a
  . "$DATA/surv.env"
  set +a
  launch "$name" "$port" "$mark" "$BIN/surv" "$role"
  answers "$name" 30 http_ok "http://127.0.0.1:$port/$path"
}
http_ok() { curl -sf -o /dev/null --max-time 3 "$1"; }

# docs/stack-file.md describes every field. What does not run is null.
write_stack_file() {
  local logins=() name
  for name in "${LOGINS[@]}"; do
    logins+=("$(login_password "postgres://surv_${name}_login:" "$name")@127.0.0.1:$PG_PORT/surv")
  done
  jq -n --rawfile logins <(printf '%s\n' "${logins[@]}") --rawfile pids <(pid_lines) \
    --slurpfile demo <(cat "$DATA/demo.json" 2>/dev/null) --slurpfile keys <(cat "$DATA/simulators/keys.json" 2>/dev/null) \
    --rawfile secrets "$DATA/secrets.env" --arg data "$DATA" --arg bucket "$BUCKET" --arg host http://127.0.0.1 \
    --argjson ports "{\"api\": $API_PORT, \"worker\": $WORKER_PORT, \"pg\": $PG_PORT, \"redis\": $REDIS_PORT, \"s3\": $S3_PORT, \"sim\": $SIM_PORT}" '
    def pairs(by): split("\n") | map(select(. != "") | split(by) | {(.[0]): .[1]}) | add // {};
    ($secrets | pairs("=")) as $secret | ($pids | pairs(" ") | with_entries(.value |= if . == "" then null else tonumber end)) as $pids |
    def address(name; port): if $pids[name] then "\($host):\(port)" else null end;
    {
      api: address("api"; $ports.api), console: null, portal: null, worker: address("worker"; $ports.worker),
      database: {
        superuser: "postgres://postgres:\($secret.PG_PASSWORD)@127.0.0.1:\($ports.pg)/surv",
        logins: ($logins | split("\n") | map(select(. != "") | {(capture("surv_(?<n>[a-z]+)_login").n): .}) | add)
      },
      redis: "redis://:\($secret.REDIS_PASSWORD)@127.0.0.1:\($ports.redis)/",
      s3: {endpoint: "\($host):\($ports.s3)", region: "us-east-1", bucket: $bucket,
           access_key_id: $secret.S3_ACCESS_KEY_ID, secret_access_key: $secret.S3_SECRET_ACCESS_KEY},
      simulators: {sendgrid: (if $pids.simulators then "\($host):\($ports.sim)/sendgrid" else null end)},
      webhook_secrets: ($keys[0] // {}),
      tenants: ($demo[0] | if type == "object" then .tenants else . end // []),
      data: $data, pids: $pids
    }' >"$DATA/stack.json.new"
  mv "$DATA/stack.json.new" "$DATA/stack.json"
  [[ -z $JSON ]] || { mkdir -p "$(dirname "$JSON")" && cp "$DATA/stack.json" "$JSON"; }
}
pid_lines() { local name; for name in api worker postgres redis s3 simulators; do echo "$name $(pid_of "$name")"; done; }

summary() {
  printf '\n%sSurv runs%s (%s)\n' "$BOLD" "$PLAIN" "$(since "$STARTED")"
  jq -r '
    "  API           \(.api)   documentation: \(.api)/docs",
    "  e-mails       \(.simulators.sendgrid)",
    "  stack file    \(.data)/stack.json   logs: \(.data)/log/",
    (.tenants[] | "", "  \(.slug) (\(.time_zone // "?"))",
      (.members[] | "    \(.role)             "[0:15] + "\(.email)   \(.password)"),
      (.customers[] | "    customer   \(.email)   \(.password // .how // "")"))' "$DATA/stack.json"
  printf '\n  ./dev day plays a working day on it; ./dev down stops it.\n'
}

status() {
  local name port pid state
  say "Stack in $DATA, ports from $PORTS"
  for name in "api $API_PORT" "worker $WORKER_PORT" "simulators $SIM_PORT" "postgres $PG_PORT" "redis $REDIS_PORT" "s3 $S3_PORT"; do
    port=${name#* } name=${name% *}
    pid=$(pid_of "$name") || true
    if [[ -z $pid ]]; then state=stopped; elif listens "$port"; then state="runs"; else state='does not listen'; fi
    printf '  %-12s 127.0.0.1:%-6s %-16s %s\n' "$name" "$port" "$state" "${pid:+pid $pid}"
  done
}

# The commands that use a stack.
need_stack() { [[ -n $(pid_of api) ]] || die "No stack runs under $DATA. Start it: ./dev up"; }
day() {
  need_stack
  find_programs
  surv day --stack "$DATA/stack.json" "${ARGS[@]}"
}
bench() {
  local figures=()
  PROFILE=release ALSO_BUILD=(-p surv-load)
  # --json is the file for the figures here; the stack file is in DATA.
  [[ -z $JSON ]] || figures=(--json "$JSON")
  JSON=
  mkdir -p "$DATA"
  trap 'down' EXIT
  LIMITS=off
  up
  bench_on_stack "${figures[@]}" "${ARGS[@]}"
}
# bench_on_stack [OPTION…]: on the stack that runs. The worker is stopped: it would follow what one side writes while
# the other is measured.
bench_on_stack() {
  halt worker
  loud 'measuring' "$BIN/surv-load" --stack "$DATA/stack.json" "$@"
}
# The highest limits there are: more than two cores can ask.
no_limits() {
  local rule
  for rule in IP PRINCIPAL TENANT LOGIN; do
    echo "SURV_LIMITS__${rule}__PER_MINUTE=1000000"
    echo "SURV_LIMITS__${rule}__BURST=1000000"
  done
}
