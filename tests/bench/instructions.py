#!/usr/bin/env python3
"""Counts the instructions of the bridge a request, under valgrind: a figure that a busy machine does not change. Standard library only.

    tests/bench/instructions.py                                     builds, and counts
    tests/bench/instructions.py --bridge ../before/scim-bridge      another build
    tests/bench/instructions.py --keep profiles                     and what callgrind_annotate reads

Kernel time is not in it, and a mispredicted branch or a missed cache costs nothing here: it tells whether a change to the program
made a request cheaper, and never what a request costs. For names of functions build with CARGO_PROFILE_RELEASE_DEBUG=1 and
CARGO_PROFILE_RELEASE_STRIP=none.
"""
import argparse
import contextlib
import glob
import os
import re
import socket
import subprocess
import sys
import tempfile

import side_by_side as bench

# One that no process keeps from the start, and one found again each time.
REQUESTS = {**bench.WORKLOADS, "read": bench.Workload("GET", bench.A_USER)}
WARM = 200


def message(target, workload, body, number):
    fill = lambda text: text.replace(bench.MARK, f"{number:08}")
    data = fill(body).encode() if body else b""
    head = [f"{workload.method} {target.base}{fill(workload.path)} HTTP/1.1", f"Host: {target.host()}",
            f"Authorization: Bearer {target.token}", "Content-Type: application/scim+json"]
    if body:
        head.append(f"Content-Length: {len(data)}")
    return "\r\n".join(head + ["", ""]).encode() + data


def exchange(peer, stream, request, expected):
    """One request on a kept connection, and its answer, read to its end."""
    peer.sendall(request)
    status = int(stream.readline().split()[1])
    length = 0
    while (line := stream.readline()) not in (b"\r\n", b""):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    said = stream.read(length)
    if status != expected:
        raise bench.Trouble(f"answered {status}, not {expected}: {said[:600]!r}")


def control(pid, *arguments):
    subprocess.run(["callgrind_control", *arguments, str(pid)], check=True, capture_output=True)


def totals(path):
    with open(path, encoding="utf-8", errors="replace") as f:
        found = re.search(r"^(?:totals|summary): (\d+)", f.read(), re.M)
    return int(found[1])


def count(run, target, name, requests, keep):
    """Instructions of one request: the mean of many, when everything is warm."""
    workload, body = REQUESTS[name], None
    if workload.body:
        with open(run.path(workload.body + ".json"), encoding="utf-8") as f:
            body = f.read()
    first = run.new_users(WARM + requests) if workload.makes else 1
    expected = 201 if workload.makes else 200
    with socket.create_connection(("127.0.0.1", target.port), timeout=60) as peer, peer.makefile("rb") as stream:
        def send(numbers):
            for number in numbers:
                known = number if workload.makes else number % bench.KNOWN
                exchange(peer, stream, message(target, workload, body, known), expected)

        send(range(first, first + WARM))
        control(target.process.pid, "--zero")
        send(range(first + WARM, first + WARM + requests))
        control(target.process.pid, f"--dump={name}")
    files = [path for path in glob.glob(run.path("callgrind.out.*")) if described(path, name)]
    total = sum(map(totals, files))
    if keep:
        os.makedirs(keep, exist_ok=True)
        for index, path in enumerate(files):
            os.replace(path, os.path.join(keep, f"{name}.{index}"))
    return total / requests


def described(path, name):
    with open(path, encoding="utf-8", errors="replace") as f:
        return name in re.findall(r"^desc: Trigger: .*?(\S+)$", f.read(4_000), re.M)


def start(run, upstream):
    target = bench.Target("bridge", bench.free_port(), log=run.path("bridge.log"))
    text = bench.BRIDGE.format(port=target.port, scheme="http", host=target.host(), tls="", upstream=upstream)
    config = run.write("bridge.yaml", text)
    tokens = {"BENCH_IDP_TOKEN": bench.IDP_TOKEN, "BENCH_VENDOR_TOKEN": bench.VENDOR_TOKEN}
    valgrind = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={run.path('callgrind.out')}.%p"]
    target.process = bench.start(run, "bridge", [*valgrind, run.bridge, "serve", "--config", config], env=tokens, cwd=run.home)
    if not bench.wait_ready(run, target):
        raise bench.Trouble("the bridge does not answer")
    return target


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--requests", type=int, default=500, help="of each kind")
    p.add_argument("--workloads", default="post,patch,get,read", help=", ".join(REQUESTS))
    p.add_argument("--bridge", help="another scim-bridge than the one in target/release")
    p.add_argument("--no-build", action="store_true")
    p.add_argument("--keep", help="a folder for what callgrind wrote")
    options = p.parse_args()
    with contextlib.ExitStack() as stack:
        home = stack.enter_context(tempfile.TemporaryDirectory(prefix="scim-bridge-bench-"))
        run = bench.Bench(options, home, stack)
        bench.build(run)
        bench.write_bodies(run)
        target = start(run, bench.start_upstream(run))
        print("| request | instructions |\n|---|---:|")
        for name in options.workloads.split(","):
            print(f"| {name} | {count(run, target, name, options.requests, options.keep):,.0f} |", flush=True)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (bench.Trouble, subprocess.CalledProcessError) as trouble:
        sys.exit(f"instructions: {trouble}")
