#!/usr/bin/env python3
"""Times the bundled project on many page views: Headwater beside DuckDB running the same models as plain SQL.

    cargo run --release --example generate_fixtures -- --plain --scale 67 --pageviews 1000000 --out /tmp/raw
    pip install 'dbt-core<1.11' 'dbt-duckdb<1.11' pyyaml
    benches/pageviews.py /tmp/raw [--headwater PATH] [--runs 3] [--threads 2]

Both build every model, without tests, and write the four cdp tables as Parquet. DuckDB gets the SQL that dbt compiles
for it, statement by statement in one process; compiling is not timed. The two take turns; seconds and peak memory are
whole-process figures, medians are printed.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parent.parent
AS_OF = "2026-07-01 00:00:00"
TABLES = ["customer_events_xa", "contact_web_interests_xa", "contact_segments_xa", "contact_audiences_xa"]

PEER = """
import json, sys, duckdb
plan = json.load(open(sys.argv[1]))
connection = duckdb.connect(sys.argv[2])
connection.execute(f"set threads = {plan['threads']}")
connection.execute("set TimeZone = 'UTC'")
for statement in plan["statements"]:
    connection.execute(statement)
"""


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("raw_root", type=Path, help="plain extracts: a folder that holds extract/")
    parser.add_argument("--headwater", default=str(ROOT / "target/release/headwater"), help="the binary")
    parser.add_argument("--dbt", default="dbt", help="dbt's command")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    return parser.parse_args()


def checked(command, **options):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, **options)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))}\n{done.stdout[-4000:]}")


def statements(project, args):
    """The models as DuckDB's SQL, in order of dependence, on a database that holds the seeds."""
    audiences = yaml.safe_load((project / "audiences.yml").read_text())
    variables = {"sources": ["extract"], "raw_root": str(args.raw_root.resolve()), "as_of": AS_OF, **audiences}
    environment = {**os.environ, "DBT_PROFILES_DIR": str(project), "DBT_SEND_ANONYMOUS_USAGE_STATS": "false"}
    command = [args.dbt, "build", "--target", "duckdb", "--quiet", "--vars", json.dumps(variables)]
    checked([*command, "--exclude", "resource_type:test", "resource_type:unit_test"], cwd=project, env=environment)
    manifest = json.loads((project / "target/manifest.json").read_text())
    results = json.loads((project / "target/run_results.json").read_text())["results"]
    plan = []
    for result in results:
        node = manifest["nodes"].get(result["unique_id"])
        if not node or node["resource_type"] not in ("model", "snapshot"):
            continue
        kind = "view" if node["config"]["materialized"] == "view" else "table"
        if node["resource_type"] == "snapshot":
            columns = "md5(cast(contact_pk as varchar)) as dbt_scd_id, measured_at as dbt_updated_at"
            columns += ", measured_at as dbt_valid_from, cast(null as timestamp) as dbt_valid_to"
            plan.append((kind, node, f"select *, {columns} from ({result['compiled_code']})"))
        else:
            plan.append((kind, node, result["compiled_code"]))
    create = [f'create or replace {kind} "{node["schema"]}"."{node["alias"]}" as {sql}' for kind, node, sql in plan]
    return create


def timed(command, cwd):
    begun = time.monotonic()
    process = subprocess.Popen(command, cwd=cwd, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    errors = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"{' '.join(map(str, command))}\n{errors.decode()[-4000:]}")
    return time.monotonic() - begun, usage.ru_maxrss / 1024


def main():
    args = arguments()
    folder = Path(tempfile.mkdtemp(prefix="headwater-bench-"))
    project = folder / "sql"
    shutil.copytree(ROOT / "sql", project, ignore=shutil.ignore_patterns("target", "logs"))
    create = statements(project, args)
    database = project / "target/headwater.duckdb"
    out = folder / "peer"
    out.mkdir()
    copies = [f"copy cdp.{table} to '{out / table}.parquet' (format parquet, compression zstd)" for table in TABLES]
    (folder / "plan.json").write_text(json.dumps({"threads": args.threads, "statements": create + copies}))
    (folder / "peer.py").write_text(PEER)
    seeds = [args.headwater, "seed", "--project-dir", project, "--threads", str(args.threads)]
    variables = json.dumps({"sources": ["extract"], "raw_root": str(args.raw_root.resolve())})
    ours = [args.headwater, "run", "--full-refresh", "--project-dir", project, "--vars", variables, "--as-of", AS_OF]
    checked([*seeds, "--vars", variables], cwd=folder)
    figures = {"headwater": [], "duckdb": []}
    for turn in range(args.runs + 1):
        mine = timed([*ours, "--threads", str(args.threads)], folder)
        peer = timed([sys.executable, folder / "peer.py", folder / "plan.json", database], folder)
        if turn:
            figures["headwater"].append(mine)
            figures["duckdb"].append(peer)
            print(f"turn {turn}: headwater {mine[0]:.2f} s {mine[1]:.0f} MB, duckdb {peer[0]:.2f} s {peer[1]:.0f} MB")
    seconds = {name: statistics.median(row[0] for row in rows) for name, rows in figures.items()}
    memory = {name: statistics.median(row[1] for row in rows) for name, rows in figures.items()}
    ratio = statistics.median(a[0] / b[0] for a, b in zip(figures["headwater"], figures["duckdb"], strict=True))
    for name in figures:
        print(f"{name}: {seconds[name]:.2f} s, {memory[name]:.0f} MB")
    print(f"ratio of seconds, turn by turn: {ratio:.2f}")
    shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
