#!/bin/sh
# Puts the files of this folder in place, so that a service manager runs tezio-bridge.
set -eu

usage() {
  cat <<'TEXT'
Usage: install.sh [options]

Puts in place what runs tezio-bridge under systemd or supervisord: the service,
its user, its folders, and the udev rule that gives the board's port to it.
Calling it again changes nothing that is already so.

  --manager NAME   systemd or supervisord (default: the one that is here)
  --user NAME      the service's user, made where missing (default: tezio-bridge)
  --config FILE    its configuration (default: /etc/tezio-bridge/config.yaml)
  --state-dir DIR  its high-water marks (default: /var/lib/tezio-bridge)
  --bin FILE       the program (default: the one this folder belongs to, or the one in PATH)
  --prefix DIR     put every file below DIR, and make no user: for packages and tests
  --force          replace files that differ; what was there is kept with .bak behind its name
  --dry-run        say what would be done, and do nothing
  --help           this text

Exit codes: 0 done, 64 called wrongly, 74 a file could not be written,
78 refused as things stand (a file differs, not root).
TEXT
}

here=$(cd "$(dirname "$0")" && pwd -P)
manager='' user=tezio-bridge config=/etc/tezio-bridge/config.yaml state_dir=/var/lib/tezio-bridge bin=''
prefix='' is_forced=no is_dry=no

say() { printf '%s\n' "$*"; }
warn() { printf 'install.sh: warning: %s\n' "$*" >&2; }
fail() {
  code=$1
  shift
  printf 'install.sh: %s\n' "$*" >&2
  exit "$code"
}

# --- Arguments -------------------------------------------------------------------------------------

while [ $# -gt 0 ]; do
  option=$1
  case $option in
    --help) usage; exit 0 ;;
    --dry-run) is_dry=yes; shift; continue ;;
    --force) is_forced=yes; shift; continue ;;
    --prefix | --manager | --user | --config | --state-dir | --bin) ;;
    *) fail 64 "$option is not an option; install.sh --help shows them" ;;
  esac
  [ $# -ge 2 ] || fail 64 "$option needs a value; install.sh --help shows which"
  [ -n "$2" ] || fail 64 "$option needs a value that is not empty"
  case $option in
    --prefix) prefix=$2 ;;
    --manager) manager=$2 ;;
    --user) user=$2 ;;
    --config) config=$2 ;;
    --state-dir) state_dir=$2 ;;
    --bin) bin=$2 ;;
  esac
  shift 2
done

# A path that means the same in every file it is written to: none of them has to quote it.
check_path() {
  case $2 in
    /*) ;;
    *) fail 64 "$1 $2: an absolute path is needed" ;;
  esac
  case $2 in
    *[!A-Za-z0-9._/+@-]*) fail 64 "$1 $2: only letters, digits and . _ / + @ - are possible in this path" ;;
    / | */ | *//* | */./* | */../* | */. | */..) fail 64 "$1 $2: write it without a / at its end, // and dots" ;;
  esac
}

# The program: the name in PATH where it leads to this very package, else the package's own file.
find_bin() {
  own=$(dirname "$here")/dist/src/cli/main.js
  named=$(command -v tezio-bridge || true)
  case $named in /*) ;; *) named='' ;; esac
  if [ ! -x "$own" ]; then
    printf '%s' "$named"
  elif [ -n "$named" ] && [ "$(readlink -f "$named")" = "$(readlink -f "$own")" ]; then
    printf '%s' "$named"
  else
    printf '%s' "$own"
  fi
}

find_manager() {
  if [ -d /run/systemd/system ]; then
    printf systemd
  elif command -v supervisord >/dev/null; then
    printf supervisord
  fi
}

[ -n "$bin" ] || bin=$(find_bin)
[ -n "$bin" ] || fail 64 'tezio-bridge is not beside this folder (is it built?) and not in PATH; name it with --bin'
[ -n "$manager" ] || manager=$(find_manager)
case $manager in
  systemd | supervisord) ;;
  '') fail 64 'neither systemd nor supervisord runs here; choose with --manager systemd or --manager supervisord' ;;
  *) fail 64 "--manager $manager: systemd or supervisord is needed" ;;
esac
case $user in
  [!a-z_]* | *[!a-z0-9_-]*) fail 64 "--user $user: a user name of a-z, 0-9, _ and - is needed, beginning with a letter or _" ;;
esac
[ ${#user} -le 32 ] || fail 64 "--user $user: at most 32 characters are possible, it has ${#user}"
check_path --config "$config"
check_path --state-dir "$state_dir"
check_path --bin "$bin"
case $prefix in
  '' | /*) prefix=${prefix%/} ;;
  *) fail 64 "--prefix $prefix: an absolute path is needed" ;;
esac
if [ -z "$prefix" ]; then
  [ -x "$bin" ] || fail 64 "--bin $bin: is not there, or not executable"
  [ $is_dry = yes ] || [ "$(id -u)" = 0 ] || fail 78 'only root can install it here: use sudo, or --prefix, or --dry-run'
fi
group=$(id -gn "$user" 2>/dev/null) || group=$user

# --- What is put where -----------------------------------------------------------------------------

case $manager in
  systemd)
    files='systemd/tezio-bridge.service udev/60-tezio-bridge.rules'
    log_dir=''
    ;;
  supervisord)
    files='supervisord/tezio-bridge.conf logrotate/tezio-bridge udev/60-tezio-bridge.rules'
    log_dir=/var/log/tezio-bridge
    ;;
esac

place_of() {
  case $1 in
    systemd/*) printf '%s' "$prefix/etc/systemd/system/tezio-bridge.service" ;;
    supervisord/*) printf '%s' "$prefix/etc/supervisor/conf.d/tezio-bridge.conf" ;;
    logrotate/*) printf '%s' "$prefix/etc/logrotate.d/tezio-bridge" ;;
    udev/*) printf '%s' "$prefix/etc/udev/rules.d/60-tezio-bridge.rules" ;;
  esac
}

# A file with its lines for these options. Each is replaced as a whole, so that no value is taken for a placeholder.
text_of() {
  serve="$bin serve --config $config --state-dir $state_dir"
  case $state_dir in
    /var/lib/*) writable="StateDirectory=${state_dir#/var/lib/}" ;;
    *) writable="ReadWritePaths=$state_dir" ;;
  esac
  sed -e "s|^ExecStart=.*|ExecStart=$serve|" -e "s|^command=.*|command=$serve|" \
    -e "s|^User=.*|User=$user|" -e "s|^Group=.*|Group=$group|" -e "s|^user=.*|user=$user|" \
    -e "s|^StateDirectory=.*|$writable|" -e "s|GROUP=\"[^\"]*\"|GROUP=\"$group\"|" "$here/$1"
}

# Nothing is begun that would have to stop half-way.
if [ $is_forced = no ]; then
  differing=''
  for file in $files; do
    place=$(place_of "$file")
    [ ! -e "$place" ] || text_of "$file" | cmp -s - "$place" || differing="$differing $place"
  done
  if [ -n "$differing" ]; then
    message="differs from what would be written:$differing; compare with --dry-run, replace with --force"
    [ $is_dry = yes ] && warn "$message" || fail 78 "$message; nothing was changed"
  fi
fi

# --- Doing it --------------------------------------------------------------------------------------

# Runs a command, or says it.
run() {
  if [ $is_dry = yes ]; then
    say "would run: $*"
  else
    "$@" || fail 74 "$1 failed: $*"
  fi
}

make_user() {
  if id "$user" >/dev/null 2>&1; then
    say "user $user: is there"
  else
    say "user $user: a system user with a group of its own"
    # useradd takes a group of this name that is already there only when it is told to
    if getent group "$user" >/dev/null; then own_group="--gid $user"; else own_group=--user-group; fi
    # shellcheck disable=SC2086 # two words
    run useradd --system $own_group --home-dir "$state_dir" --no-create-home --shell /usr/sbin/nologin "$user"
  fi
}

# make_directory PATH MODE OWNER: one that is there keeps its mode and its owner, but for what give_over changes.
make_directory() {
  if [ -d "$prefix$1" ]; then
    say "$prefix$1: is there"
    return
  fi
  say "$prefix$1: a folder of mode $2, owner $3"
  run mkdir -p "$(dirname "$prefix$1")"
  run mkdir -m "$2" "$prefix$1"
  [ -n "$prefix" ] || run chown "$3" "$1"
}

# What root made beforehand ("sudo tezio-bridge setup") is of no use to the service until it is the service's own. What
# somebody else owns is left alone: it may be in use.
give_over() {
  [ -e "$state_dir" ] || return 0
  owner=$(stat -c %U "$state_dir")
  if [ "$owner" = "$user" ]; then
    return
  elif [ "$owner" = root ]; then
    say "$state_dir: is given to $user"
    run chown -R "$user:$group" "$state_dir"
  else
    warn "$state_dir belongs to $owner, and $user cannot use it; if nothing else does: chown -R $user:$group $state_dir"
  fi
}

# The service reads its configuration, and cannot change it.
let_read() {
  [ -f "$config" ] || return 0
  if [ "$(stat -c %U "$config")" = root ] && [ "$(stat -c %G "$config")" != "$group" ]; then
    say "$config: may be read by the group $group"
    run chgrp "$group" "$config"
    run chmod g+r "$config"
  fi
}

put() {
  place=$(place_of "$1")
  if text_of "$1" | cmp -s - "$place" 2>/dev/null; then
    say "$place: is as it should be"
    return
  fi
  if [ -e "$place" ]; then
    say "$place: is replaced; what was there is kept in $place.bak"
    run cp -p "$place" "$place.bak"
  else
    say "$place: is written"
  fi
  if [ $is_dry = yes ]; then
    text_of "$1" | sed 's/^/    /'
    return
  fi
  mkdir -p "$(dirname "$place")" || fail 74 "$(dirname "$place") cannot be made"
  # whole or not at all: a service manager may read it at any moment
  (umask 022 && text_of "$1" >"$place.new") && mv "$place.new" "$place" || fail 74 "$place cannot be written"
}

[ -n "$prefix" ] || make_user
make_directory "$(dirname "$config")" 0750 "root:$group"
make_directory "$state_dir" 0700 "$user:$group"
if [ -z "$prefix" ]; then
  give_over
  let_read
fi
[ -z "$log_dir" ] || make_directory "$log_dir" 0750 root:root
for file in $files; do put "$file"; done

# --- What the service will not find ----------------------------------------------------------------

if [ "$user" = root ]; then
  warn 'the service will run as root; it needs nothing of root'
fi
if [ $manager = systemd ]; then
  for path in "$bin" "$config" "$state_dir"; do
    case $path in
      /home/* | /root/* | /run/user/*) warn "$path: the service cannot see it (ProtectHome=); choose another place" ;;
      /tmp/* | /var/tmp/*) warn "$path: the service cannot see it (PrivateTmp=); choose another place" ;;
    esac
  done
fi
if [ -z "$prefix" ] && ! PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin command -v node >/dev/null; then
  warn 'node is not in /usr/local/bin or /usr/bin: the service will not find it; install it there, or link it'
fi

if [ $manager = systemd ]; then
  begin='systemctl daemon-reload && systemctl enable --now tezio-bridge'
else
  begin='supervisorctl update'
fi
say ''
say 'Next, as root:'
say "  # give the board's port to the service (then plug the board in again)"
say '  udevadm control --reload'
if [ ! -e "$prefix$config" ]; then
  say "  # write $config, which $user must be able to read: the keys, and what they may sign; to see the keys"
  say "  $bin keys --port auto"
fi
if [ ! -e "$prefix$state_dir/marks.journal" ]; then
  say "  # stop every other signer of these keys, and make the high-water marks with the level of the chain's head"
  say "  runuser -u $user -- $bin init --config $config --state-dir $state_dir --level LEVEL"
fi
say '  # start it, now and at every boot'
say "  $begin"
