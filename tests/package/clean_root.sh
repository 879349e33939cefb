# shellcheck shell=bash
# A bare Debian 12 in a folder, for tests of what is installed; sourced. Needs root and debootstrap. The system as it is fresh
# is kept in ~/.cache/lrfind.

# debian_tar: a fresh Debian 12 as a tar file.
debian_tar() {
  local kept=${XDG_CACHE_HOME:-$HOME/.cache}/lrfind/debian-12.tar
  if [[ ! -e $kept ]]; then
    say "fetching a bare Debian 12"
    local fresh
    mkdir -p "$(dirname "$kept")"
    fresh=$(mktemp -d -p "$(dirname "$kept")")
    quietly debootstrap --variant=minbase bookworm "$fresh" && tar -C "$fresh" -cf "$kept.new" . && mv "$kept.new" "$kept" || return
    rm -rf --one-file-system "$fresh"
  fi
  echo "$kept"
}

# make_root FOLDER: the same in a folder, with /proc and the names of hosts.
make_root() {
  local kept
  kept=$(debian_tar) || return
  mkdir -p "$1" && tar -C "$1" -xf "$kept" || return
  cp -L /etc/resolv.conf "$1/etc/resolv.conf"
  mount -t proc proc "$1/proc"
}

# in_root FOLDER COMMAND...: as root there, and as an ordinary user.
in_root() { chroot "$1" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive HOME=/root "${@:2}" </dev/null; }
as_user_in_root() {
  chroot --userspec=1000:1000 "$1" /usr/bin/env -i PATH=/usr/bin:/bin LC_ALL=C.UTF-8 HOME=/tmp "${@:2}" </dev/null
}

# remove_root FOLDER: with what is mounted below it unmounted. Where that fails nothing is removed: a folder that is mounted
# there from elsewhere would be emptied.
remove_root() {
  local place
  while read -r place; do umount "$place"; done < <(mounts_below "$1")
  [[ -z $(mounts_below "$1") ]] || fail "'$1' is left: something is mounted below it"
  rm -rf --one-file-system "$1"
}

mounts_below() { awk -v root="$1/" 'index($2, root) == 1 {print $2}' /proc/self/mounts | sort -r; }

# make_images FOLDER: two classes, light and dark, 40 images each.
make_images() {
  local class i grey
  for class in dark light; do
    mkdir -p "$1/$class"
    for i in $(seq 40); do
      grey=$((i * 7 % 100 + 5))
      [[ $class == dark ]] || grey=$((250 - grey))
      { echo "P2 12 12 255" && for _ in $(seq 144); do echo $(((grey * 31 + RANDOM % 40) / 31)); done; } >"$1/$class/$i.pgm"
    done
  done
  # 8 x 8 pixels of one colour.
  base64 -d <<<"UklGRh4AAABXRUJQVlA4TBEAAAAvB8ABAAdQniJXof+BiOh/AAA=" >"$1/dark/41.webp"
  chmod -R a+rX "$1"
}

# check_result FILE: a finished sweep's; WebP is decoded by a library that is opened only for it.
check_result() {
  python3 - "$1" <<'CHECK'
import json, sys

result = json.load(open(sys.argv[1], encoding="utf-8"))
assert result["complete"] is True, "not complete"
losses = [loss for loss in result["curve"]["loss"] if loss is not None]
assert len(losses) >= 10, losses
assert result["dataset"]["classes"] == ["dark", "light"], result["dataset"]["classes"]
total = result["dataset"]["train_images"] + result["dataset"]["val_images"]
assert total == 81 and not result["dataset"]["unreadable"], (total, result["dataset"]["unreadable"])
print("lrfind", result["tool"]["version"], "with LibTorch", result["tool"]["libtorch"], "blas:", result["tool"].get("blas"), "lr",
      result["suggestion"]["lr"])
CHECK
}
