#!/usr/bin/env python3
"""Runs the micro-benchmarks some times, and divides each median by that of serde_json in the same run. Standard library only."""
import argparse
import re
import statistics
import subprocess
import sys

YARDSTICK = "json/serde_json_read_and_print"
UNITS = {"ns": 1, "µs": 1e3, "ms": 1e6, "s": 1e9}
# ├─ name   fastest │ slowest │ median │ …; three characters of frame a level
ROW = re.compile(r"^(?P<frame>[│ ]*)[├╰]─ (?P<name>\S+)\s+(?P<columns>\S.*)?$")
TIME = re.compile(r"^([\d.]+) (\S+)$")


def nanoseconds(text):
    found = TIME.match(text.strip())
    return float(found[1]) * UNITS[found[2]] if found else None


def medians(table):
    """The rows of the table that divan prints, as path → nanoseconds."""
    path, found = [], {}
    for line in table.splitlines():
        row = ROW.match(line)
        if not row:
            continue
        path[len(row["frame"]) // 3:] = [row["name"]]
        columns = (row["columns"] or "").split("│")
        median = nanoseconds(columns[2]) if len(columns) > 2 else None
        if median is not None:
            found["/".join(path)] = median
    return found


def run(arguments):
    done = subprocess.run(["cargo", "bench", "--bench", "micro", "--", *arguments], stdout=subprocess.PIPE, text=True)
    if done.returncode:
        sys.exit(done.returncode)
    return medians(done.stdout)


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--rounds", type=int, default=5, help="runs; the ratio is the median of theirs")
    rounds = [run([]) for _ in range(p.parse_args().rounds)]
    print("| step | ns | × serde_json |\n|---|---:|---:|")
    for name in sorted(rounds[0], key=lambda name: (name != YARDSTICK, name)):
        time = statistics.median(found[name] for found in rounds)
        ratio = statistics.median(found[name] / found[YARDSTICK] for found in rounds)
        print(f"| {name} | {time:,.0f} | {ratio:.2f} |")


if __name__ == "__main__":
    main()
