#!/bin/bash
# SPDX-License-Identifier: MIT
#
# tools/profile: exact counts, the same twice. Prints KTAP; run by tools/test.

set -u
cd "$(dirname "$0")/../.." || exit 1
failed=no n=0

skip() {
	printf 'KTAP version 1\n1..1\nok 1 profile # SKIP %s\n' "$*"
	exit 0
}

result() {	# status name
	n=$((n + 1))
	if [ "$1" = 0 ]; then
		echo "    ok $n $2"
	else
		echo "    not ok $n $2"
		failed=yes
	fi
}

command -v gcc >/dev/null || skip "no gcc: tools/setup test installs it"
one=$(tools/profile --kernel build --mem 64 --top 100000 test=lib_string 2>&1) ||
	skip "this QEMU takes no plugin: $(tail -n 1 <<<"$one")"
two=$(tools/profile --kernel build --mem 64 --top 100000 test=lib_string 2>&1)

printf 'KTAP version 1\n1..1\n    KTAP version 1\n    # Subtest: profile\n    1..5\n'
awk '$NF == "start_kernel" { exit $3 != 1 } END { if (!NR) exit 1 }' <<<"$one"
result $? start_kernel_is_called_once
awk '$NF == "all" { all = $1; next } $1 ~ /^[0-9]+$/ { sum += $1 }
     END { exit sum != all || !all }' <<<"$one"
result $? functions_add_up_to_all
awk '$NF == "(elsewhere)" { part = $2 } END { exit part > 1 }' <<<"$one"
result $? less_than_a_hundredth_is_elsewhere
[ "$one" = "$two" ]
result $? two_runs_give_the_same_table
tools/profile --free --kernel build --mem 64 --smp 2 --top 100000 \
	test=lib_string 2>&1 |
	awk '$NF == "start_kernel" { once = $3 == 1 } END { exit !once }'
result $? a_free_machine_is_counted_too
if [ $failed = yes ]; then
	diff <(echo "$one") <(echo "$two") | sed 's/^/# /' | head -n 20
	echo "not ok 1 profile"
	exit 1
fi
echo "ok 1 profile"
