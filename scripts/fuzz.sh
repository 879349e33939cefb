#!/usr/bin/env bash
# Feeds mutated files to every reader of foreign bytes, under sanitizers: scripts/fuzz.sh [SECONDS for each, 60]
# Needs clang and its libFuzzer (scripts/setup.sh fuzz). What makes a reader fail is left in build-fuzz/findings/TARGET-*;
# mend the reader and move the file to tests/fuzz/found/, where a test reads it ever after.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=scripts/lib.sh
. scripts/lib.sh

seconds=${1:-60}
[[ $seconds =~ ^[1-9][0-9]*$ ]] || fail "'$seconds' is no number of seconds"
clang=$(command -v clang++ || command -v clang++-14) || fail "clang++ is missing: scripts/setup.sh fuzz"
build=build-fuzz corpora=build-fuzz/corpora findings=build-fuzz/findings
configure "$build" CMAKE_CXX_COMPILER="$clang" CMAKE_BUILD_TYPE=RelWithDebInfo "CMAKE_CXX_FLAGS_RELWITHDEBINFO=-O1 -g1" LRFIND_WITH_TORCH=OFF LRFIND_FUZZ=ON LRFIND_WERROR=OFF
targets=(image idx manifest packed result json curve_csv curve_json exec config arguments archive suggest plot schedule exported)
compile "$build" "${targets[@]/#/fuzz_}"

mkdir -p "$findings"
for target in "${targets[@]}"; do mkdir -p "$corpora/$target"; done
cp tests/data/files/* "$corpora/image/"
cp tests/golden/files/*.json "$corpora/result/"
cp tests/golden/files/*.json configs/*.json "$corpora/json/" 2>/dev/null || true
printf 'path,label\na.png,cat\n"b,1.png",dog\n' >"$corpora/manifest/comma"
printf 'file\tclass\nx/a.png\t1\nx/b.png\t2\n' >"$corpora/manifest/tab"
printf '{"file_name": "a.png", "label": 0}\n{"file_name": "b.png", "label": 1}\n' >"$corpora/manifest/jsonl"
printf '\12\0\0\10\3\0\0\0\2\0\0\0\2\0\0\0\2abcdefgh\0\0\10\1\0\0\0\2\0\1' >"$corpora/idx/two"
printf 'lr,loss\n1e-4,2.3\n1e-3,2.2\n1e-2,1.5\n1e-1,9\n' >"$corpora/curve_csv/comma"
printf 'lr;loss;probe_loss\n0,0001;2,3;2\n0,001;2,2;2\n0,01;1,5;\n' >"$corpora/curve_csv/semicolon"
printf '{"lr": [1e-4, 1e-3, 1e-2], "loss": [2.3, NaN, 1.5]}' >"$corpora/curve_json/columns"
printf '[{"lr": 1e-3, "loss": 2}, {"lr": 1e-2, "loss": 1}]' >"$corpora/curve_json/records"
printf '{"lr": 1e-3, "loss": 2}\n{"lr": 1e-2, "loss": 1}\n' >"$corpora/curve_json/lines"
printf '{"optimizer": "sgd", "momentum": 0.9, "resets": true}\n{"loss": 2.3}\n{"loss": NaN, "alignment": null}\n' >"$corpora/exec/talk"
cp configs/*.json "$corpora/config/"
cp tests/golden/files/*.json "$corpora/suggest/"
cp tests/golden/files/*.json "$corpora/plot/"
printf '%s\n' photos --steps 20 --lr-mult 'fc=0.1' --image-size 24x32 --batch-sizes 16,32 >"$corpora/arguments/some"
printf '%s\n' photos --augment flip,crop-flip -b8 --freeze '!fc' --trials auto -q --momentum=auto >"$corpora/arguments/more"
cp tests/command/files/tiny.pt "$corpora/archive/"
printf 'class M(Module):\n  def forward(self, x: Tensor) -> Tensor:\n    if bool(x[0]):\n      y = [1, (2, "a")]\n    elif True:\n      return x\n    return (self.l).forward(x, )\n' >"$corpora/archive/source"
for kind in 1 2 3 4 5 6 7 8 9; do
  printf '\232\231\231\231\231\231\271?\374\251\361\322MbP?%b\0\0\0d\0\0\0\5\0\0\0' "\\0$kind" >"$corpora/schedule/$kind"
done
cp tests/fuzz/seeds/exported_* "$corpora/exported/"
cp tests/fuzz/seeds/packed_* "$corpora/packed/"
for found in tests/fuzz/found/*; do
  name=${found##*/}
  [[ -d $corpora/${name%%-*} ]] && cp "$found" "$corpora/${name%%-*}/"
done

failed=()
for target in "${targets[@]}"; do
  log=$build/fuzz-$target.log
  # The whole of it in a time of its own, in case one input never returns.
  if timeout -k 10 $((seconds + 60)) "$build/tests/fuzz/fuzz_$target" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=1024 \
    -max_len=65536 -artifact_prefix="$findings/$target-" "$corpora/$target" >"$log" 2>&1; then
    say "$target: $(grep -oE '^Done [0-9]+ runs' "$log" || echo "done")"
  else
    failed+=("$target")
    tail -n 40 "$log"
  fi
done
((${#failed[@]} == 0)) || fail "found something: ${failed[*]}; the inputs are in $findings"
