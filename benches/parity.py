#!/usr/bin/env python3
"""Builds the bundled project twice, with Headwater and with dbt on DuckDB, and compares the four cdp tables.

    pip install 'dbt-core<1.11' 'dbt-duckdb<1.11' pyyaml
    benches/parity.py [--headwater PATH] [--raw-root DIR] [--seeds DIR] [--vars JSON] [--as-of INSTANT] [--keep DIR]

Both run on a copy of sql/ in a temporary folder. Every column of every row must agree, types included. Exit code 1
says that something differs; the rows that do are printed.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import duckdb
import yaml

ROOT = Path(__file__).resolve().parent.parent
TABLES = {
    "customer_events_xa": "event_pk",
    "contact_web_interests_xa": "contact_pk",
    "contact_segments_xa": "contact_pk",
    "contact_audiences_xa": "email",
}

SIDES = ("headwater", "dbt")


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--headwater", default=str(ROOT / "target/release/headwater"), help="the binary")
    parser.add_argument("--dbt", default="dbt", help="dbt's command")
    parser.add_argument("--raw-root", type=Path, default=ROOT / "fixtures/raw", help="the raw extracts")
    parser.add_argument("--seeds", type=Path, help="CSV files that replace those of sql/seeds")
    parser.add_argument("--vars", default="{}", help="further variables, as JSON")
    parser.add_argument("--as-of", default="2026-07-01 00:00:00", help="the instant of the build")
    parser.add_argument("--keep", type=Path, help="work in this folder and leave it")
    return parser.parse_args()


def prepare(folder, args):
    project = folder / "sql"
    shutil.rmtree(project, ignore_errors=True)
    shutil.copytree(ROOT / "sql", project, ignore=shutil.ignore_patterns("target", "logs"))
    if args.seeds:
        for seed in args.seeds.glob("*.csv"):
            shutil.copy(seed, project / "seeds" / seed.name)
    return project


def run(command, **options):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, **options)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))}\n{done.stdout}\nexit code {done.returncode}")


def build(folder, project, args):
    variables = {"raw_root": str(args.raw_root.resolve()), **json.loads(args.vars)}
    run(
        [args.headwater, "build", "--project-dir", project, "--vars", json.dumps(variables), "--as-of", args.as_of],
        cwd=folder,
    )
    audiences = yaml.safe_load((project / "audiences.yml").read_text())
    variables = {**variables, **audiences, "as_of": args.as_of}
    run(
        [args.dbt, "build", "--target", "duckdb", "--vars", json.dumps(variables), "--quiet"],
        cwd=project,
        env={**os.environ, "DBT_PROFILES_DIR": str(project), "DBT_SEND_ANONYMOUS_USAGE_STATS": "false"},
    )


def compare(connection, table, key, published):
    connection.execute(f"create or replace view headwater as from read_parquet('{published / table}/*.parquet')")
    connection.execute(f"create or replace view dbt as from peer.cdp.{table}")
    columns = {side: [row[:2] for row in connection.execute(f"describe {side}").fetchall()] for side in SIDES}
    if columns["headwater"] != columns["dbt"]:
        print(f"{table}: columns differ\n  headwater {columns['headwater']}\n  dbt       {columns['dbt']}")
        return False
    rows = connection.execute("select count(*) from headwater").fetchall()[0][0]
    differing = connection.execute(
        "select 'headwater' as side, * from (from headwater except all from dbt)"
        " union all select 'dbt' as side, * from (from dbt except all from headwater)"
        f" order by {key}, side limit 10"
    ).fetchall()
    print(f"{table}: {rows} rows, {len(columns['dbt'])} columns, {'differ' if differing else 'equal'}")
    for row in differing:
        print("  ", row)
    return not differing


def main():
    args = arguments()
    folder = args.keep or Path(tempfile.mkdtemp(prefix="headwater-parity-"))
    folder.mkdir(parents=True, exist_ok=True)
    try:
        project = prepare(folder, args)
        build(folder, project, args)
        connection = duckdb.connect()
        connection.execute(f"attach '{project / 'target/headwater.duckdb'}' as peer (read_only)")
        published = folder / "warehouse/current/cdp"
        same = [compare(connection, table, key, published) for table, key in TABLES.items()]
    finally:
        if not args.keep:
            shutil.rmtree(folder, ignore_errors=True)
    sys.exit(0 if all(same) else 1)


if __name__ == "__main__":
    main()
