#!/usr/bin/env bash
# The long proofs of verification, which neither `cargo test` nor `.ci/run` plays: hundreds of
# scripts of each service in each manner on the mock and on Apache Kafka, with kills, that must
# raise no alarm; each planted bug, served, that must be found by its rule; every mutant; a thousand
# random sequences of each kind on the bus; and histories of 60,000 commands of one tenant. Ends with
# a summary, and fails when anything failed.
#
# Needs what the tests on a bare Apache Kafka need: Java and Maven (ci/kafka/packages.sh).
set -euo pipefail
cd "$(dirname "$0")/.."

commit=$(git describe --always --dirty --abbrev=12)
began=$(date --utc '+%Y-%m-%d %H:%M UTC')
log=target/long.log
mkdir -p target
: > "$log"

ci/kafka/fetch.sh > /dev/null
ci/implementations/build.sh
cargo build --locked --release --examples
cargo test --locked --release --no-run --test verify --test verdicts --test explore --test mutants

failed=0
# Runs one of the proofs, and keeps what it says: its last lines are the summary.
prove() {
    "$@" 2>&1 | tee --append "$log" || failed=1
}
# Services mostly wait, so several are verified at a time.
prove cargo test --locked --release --test verify -- --ignored --test-threads 5 \
    calm::many_scripts bugs::each_bug manners::each manners::one_that command::one_that_loses external::the_suite
prove cargo test --locked --release --test mutants -- --ignored each_mutant_is_found
QUINTET_RUNS=1000 prove cargo test --locked --release --test verdicts -- random
prove cargo test --locked --release --test verdicts -- --ignored length::
prove cargo test --locked --release --test explore -- --ignored

printf '\n=== long proofs of %s, %s, %d s\n' "$commit" "$began" "$SECONDS"
grep -E '^test .* \.\.\. |^test result: ' "$log" || failed=1
# A filter that no longer names a test would pass by running none.
for proof in calm::many_scripts_on_the_mock calm::many_scripts_on_a_real_broker \
    bugs::each_bug manners::each manners::one_that command::one_that_loses external::the_suite each_mutant_is_found random \
    length:: the_portfolio_finds_each_in_99 three_by_four; do
    grep -qE "^test .*$proof.* \.\.\. ok$" "$log" || {
        echo "no test of $proof has passed"
        failed=1
    }
done
exit "$failed"
