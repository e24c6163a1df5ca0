# Short names; nothing needs them.

# Build the bundled project from fixtures/ into warehouse/
demo:
    cargo run --release -- build

# Format, lints, tests: what CI runs
check:
    .ci/run

# Everything passes
test:
    cargo test

# Look through changed snapshots
review:
    cargo insta review

# Write fixtures/raw anew
fixtures:
    cargo run --release --example generate_fixtures

# Start stand-ins for the services that fixtures/syncs delivers to; GET /__state shows what each has
serve:
    HEADWATER_SERVE=7700 cargo test --test it sync::serve -- --nocapture

# Time many page views beside DuckDB: `just bench 1000000`
bench pageviews="1000000" *args:
    cargo run --release --example generate_fixtures -- --plain --scale 67 --pageviews {{pageviews}} --out target/bench/raw
    benches/pageviews.py target/bench/raw {{args}}

# Build with Headwater and with dbt on DuckDB, and compare every cell
parity *args:
    benches/parity.py {{args}}
