# shellcheck shell=bash
# Messages, timed steps, and processes that are known by their pid file. Sourced by ./dev.

if [[ -t 1 ]]; then BOLD=$'\e[1m' DIM=$'\e[2m' RED=$'\e[31m' PLAIN=$'\e[0m'; else BOLD='' DIM='' RED='' PLAIN=''; fi
STARTED=$EPOCHREALTIME
TIMES=()

say() { printf '%s\n' "$*"; }
die() { printf '%serror:%s %s\n' "$RED" "$PLAIN" "$*" >&2; exit 1; }
since() { local us=$((${EPOCHREALTIME/./} - ${1/./})); printf '%d.%d s' $((us / 1000000)) $((us / 100000 % 10)); }

# step 'what' command…: one line with its time; the output goes to a log whose end is shown if it fails.
step() {
  local what=$1 log=$DATA/log/dev-${1//[^a-zA-Z0-9]/-}.log at=$EPOCHREALTIME rc=0
  shift
  printf '  %-46s' "$what …"
  set +e
  (set -e; "$@") >"$log" 2>&1
  rc=$?
  set -e
  TIMES+=("$what|$(since "$at")")
  if ((rc == 0)); then
    printf '%s%s%s\n' "$DIM" "$(since "$at")" "$PLAIN"
    return
  fi
  printf '%sfailed%s after %s\n' "$RED" "$PLAIN" "$(since "$at")"
  tail -n 25 "$log" | sed 's/^/    /'
  die "'$what' failed. The whole output is in $log"
}

# loud 'what' command…: the same for long work: its output is shown as it comes.
loud() {
  local what=$1 at=$EPOCHREALTIME rc=0
  shift
  printf '  %s%s …%s\n' "$BOLD" "$what" "$PLAIN"
  set +e
  (set -e; "$@")
  rc=$?
  set -e
  TIMES+=("$what|$(since "$at")")
  ((rc == 0)) || die "'$what' failed after $(since "$at"); its messages are above."
  printf '  %-46s%s%s%s\n' "$what" "$DIM" "$(since "$at")" "$PLAIN"
}

time_table() {
  local line
  ((${#TIMES[@]})) || return 0
  printf '\n%sTimes%s\n' "$BOLD" "$PLAIN"
  for line in "${TIMES[@]}"; do printf '  %-46s%10s\n' "${line%|*}" "${line#*|}"; done
  printf '  %-46s%10s\n' 'all together' "$(since "$STARTED")"
}

random_hex() { od -An -v -tx1 -N"$1" /dev/urandom | tr -d ' \n'; }

# One of these commands at a time for one stack. Whoever starts a server closes descriptor 9, or the server would hold the lock.
lock() {
  if { : >&9; } 2>/dev/null; then return; fi # we have it
  exec 9>"$DATA/lock"
  flock -n 9 || { say '  waiting for another ./dev on this data …'; flock 9; }
}
unlock() { exec 9>&-; }

# A pid file holds "pid start-time": the second word tells our process from a later one that got the same number.
birth() {
  local stat fields
  stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
  read -ra fields <<<"${stat##*) }"
  [[ ${fields[0]} != Z ]] && printf '%s' "${fields[19]}"
}
pid_of() {
  local pid='' born=''
  if [[ -f $DATA/run/$1.pid ]]; then read -r pid born <"$DATA/run/$1.pid" || true; fi
  if [[ -n $pid && $(birth "$pid") == "$born" ]]; then printf '%s' "$pid"; fi
}

# launch NAME PORT MARK command…: start it unless it runs already with the same mark (command, configuration, program).
# Prints nothing; returns 0 also if it was running.
launch() {
  local name=$1 port=$2 mark pid
  mark=$(printf '%s\n' "${@:3}" | sha256sum)
  shift 3
  if [[ -n $(pid_of "$name") ]]; then
    [[ $(cat "$DATA/run/$name.mark" 2>/dev/null) == "$mark" ]] && return 0
    halt "$name"
  fi
  port_is_free "$port"
  setsid "$@" </dev/null >>"$DATA/log/$name.log" 2>&1 9>&- 8>&- &
  pid=$!
  printf '%s %s\n' "$pid" "$(birth "$pid")" >"$DATA/run/$name.pid"
  printf '%s\n' "$mark" >"$DATA/run/$name.mark"
}

# halt NAME: ask, wait, then kill.
halt() {
  local pid i signal=TERM seconds=15
  case $1 in
    postgres) signal=INT seconds=30 ;; # "fast": it ends connections instead of waiting for them
    s3) seconds=1 ;;                   # SeaweedFS often does not end by itself; what it has acknowledged is written
  esac
  pid=$(pid_of "$1")
  if [[ -n $pid ]]; then
    kill -s "$signal" "$pid" 2>/dev/null || true
    for ((i = 0; i < seconds * 20; i++)); do
      [[ -n $(pid_of "$1") ]] || break
      sleep 0.05
    done
    [[ -z $(pid_of "$1") ]] || kill -KILL "$pid" 2>/dev/null || true
  fi
  rm -f "$DATA/run/$1.pid" "$DATA/run/$1.mark"
}

port_is_free() {
  local p
  for p in "$@"; do
    if (exec 3<>"/dev/tcp/127.0.0.1/$p") 2>/dev/null; then
      die "Port $p is taken by another program$(port_owner "$p"). Stop it, or choose other ports: --ports BASE."
    fi
  done
}
port_owner() {
  local who
  who=$(ss -Hltnp "sport = :$1" 2>/dev/null | grep -o 'users:((.*' | head -n1) || return 0
  [[ -z $who ]] || printf ' (%s)' "$who"
}

# answers NAME SECONDS command…: wait until the command succeeds; stop early if the process is gone.
answers() {
  local name=$1 i limit=$2
  shift 2
  for ((i = 0; i < limit * 20; i++)); do
    "$@" >/dev/null 2>&1 && return 0
    if [[ -z $(pid_of "$name") ]]; then
      say "$name stopped at once. The end of $DATA/log/$name.log:"
      tail -n 20 "$DATA/log/$name.log"
      return 1
    fi
    sleep 0.05
  done
  say "$name did not answer within $limit s. The end of $DATA/log/$name.log:"
  tail -n 20 "$DATA/log/$name.log"
  return 1
}
