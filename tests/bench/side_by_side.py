#!/usr/bin/env python3
"""Measures the bridge beside nginx, which only passes on, in one run on this machine. Standard library only.

    tests/bench/side_by_side.py                        everything; about 10 minutes
    tests/bench/side_by_side.py --rounds 1 --seconds 1 --workloads post     a look

What is measured, and how to read it: README.md beside this file. Everything listens on and talks to 127.0.0.1; every process
started here is ended here.
"""
import argparse
import contextlib
import json
import os
import platform
import random
import shutil
import signal
import socket
import ssl
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
IDP_TOKEN = "idp-token-0123456789abcdef0123456789abcdef"
VENDOR_TOKEN = "vendor-token-0123456789abcdef0123456789abcdef"
BASE = "/bench/scim/v2"
USERS = "/Users"
A_USER = "/Users/8f14e45f-ceea-467f-a9af-0000########"
LOOKUP = "/Users?filter=userName%20eq%20%22ana.silva########%40acme.example%22"
MARK = "########"
# From this number on the upstream finds nobody: whoever is made is new. No two runs of the generator make the same.
FIRST_NEW, LAST_NEW = 50_000_000, 99_999_999
# More than anything here answers in a second.
MOST_A_SECOND = 150_000
KNOWN = 1_000


@dataclass
class Workload:
    method: str
    path: str
    body: str = None
    makes: bool = False


WORKLOADS = {
    "post": Workload("POST", USERS, "user", makes=True),
    "get": Workload("GET", LOOKUP),
    "patch": Workload("PATCH", A_USER, "patch"),
    # Not in the default: with telephone numbers, which NinjaOne does not keep, so that the bridge has to remember them.
    "post-remembered": Workload("POST", USERS, "user_with_phones", makes=True),
}


@dataclass
class Target:
    """What requests are sent to."""

    name: str
    port: int
    base: str = BASE
    token: str = IDP_TOKEN
    ca: str = None
    process: subprocess.Popen = None
    yardstick: str = None
    log: str = None
    # Workloads that it does not do.
    unfit: set = field(default_factory=set)

    def host(self):
        return f"localhost:{self.port}" if self.ca else f"127.0.0.1:{self.port}"

    def url(self, path):
        return f"{'https' if self.ca else 'http'}://{self.host()}{self.base}{path}"


@dataclass
class Bench:
    """One run: its options, its temporary folder, and what was found."""

    options: argparse.Namespace
    home: str
    stack: contextlib.ExitStack
    targets: list = field(default_factory=list)
    runs: list = field(default_factory=list)
    skipped: list = field(default_factory=list)
    made: int = 0

    def path(self, name):
        return os.path.join(self.home, name.replace(" ", "-"))

    def new_users(self, count):
        """The first number of so many users that nobody has made."""
        if FIRST_NEW + self.made + count > LAST_NEW:
            self.made = 0
        first = FIRST_NEW + self.made
        self.made += count
        return first

    def write(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as f:
            f.write(text)
        return self.path(name)

    def fit(self, workload):
        return [target for target in self.targets if workload not in target.unfit]

    def skip(self, name, why):
        say(f"skipped: {name}: {why}")
        self.skipped.append({"name": name, "why": why})


class Trouble(Exception):
    """Something is not as it must be; the message says what."""


def say(text):
    print(text, file=sys.stderr, flush=True)


# ---- processes


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def start(bench, name, command, env=None, **kwargs):
    """A child in its own session, ended with the run; what it says is in the temporary folder."""
    log = bench.stack.enter_context(open(bench.path(f"{name}.log"), "ab"))
    kwargs = {"stdout": log, **kwargs}
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=log, env={**os.environ, **(env or {})},
                             start_new_session=True, **kwargs)
    bench.stack.callback(end, child)
    return child


def end(child):
    for sig in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, sig)
        try:
            child.wait(5)
            return
        except subprocess.TimeoutExpired:
            continue


def tail(path):
    with open(path, errors="replace") as f:
        return f.read()[-1500:]


def tree(root):
    """The ids of a process and of all that come from it."""
    children = {}
    for entry in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            children.setdefault(int(stat(entry)[1]), []).append(int(entry))
    found = [root]
    for pid in found:
        found += children.get(pid, [])
    return found


def stat(pid):
    """/proc/PID/stat from the third field on: a name may hold spaces and brackets."""
    with open(f"/proc/{pid}/stat") as f:
        return f.read().rpartition(")")[2].split()


def cpu_seconds(root):
    """User and system time of a process tree. The clock ticks every 10 ms: measure for seconds."""
    ticks = 0
    for pid in tree(root):
        with contextlib.suppress(OSError):
            ticks += sum(map(int, stat(pid)[11:13]))
    return ticks / os.sysconf("SC_CLK_TCK")


def memory_mib(root):
    """Resident and proportional memory of a process tree; what processes share counts once in the second."""
    rss = pss = 0
    for pid in tree(root):
        with contextlib.suppress(OSError), open(f"/proc/{pid}/smaps_rollup") as f:
            sizes = dict(line.split(":") for line in f if line.startswith(("Rss:", "Pss:")))
            rss += int(sizes["Rss"].split()[0])
            pss += int(sizes["Pss"].split()[0])
    return {"rss": rss / 1024, "pss": pss / 1024}


# ---- what is measured


def build(bench):
    options = bench.options
    examples = ["--example", "bench-load", "--example", "bench-upstream"]
    for what in ([], examples):
        if not options.no_build:
            subprocess.run(["cargo", "build", "--release", *what], cwd=ROOT, check=True)
    metadata = ["cargo", "metadata", "--no-deps", "--format-version=1"]
    meta = subprocess.run(metadata, cwd=ROOT, check=True, capture_output=True)
    release = os.path.join(json.loads(meta.stdout)["target_directory"], "release")
    bench.load = os.path.join(release, "examples", "bench-load")
    bench.upstream = os.path.join(release, "examples", "bench-upstream")
    bench.bridge = os.path.abspath(options.bridge or os.path.join(release, "scim-bridge"))


def read_body(name):
    with open(os.path.join(HERE, "bodies", name + ".json"), encoding="utf-8") as f:
        return json.load(f)


def write_bodies(bench):
    bodies = {name: read_body(name) for name in ("user", "vendor_user", "patch")}
    phones = [{"type": kind, "value": f"+351 21 000 000{n}"} for n, kind in enumerate(("work", "mobile", "fax"))]
    bodies["user_with_phones"] = {**bodies["user"], "phoneNumbers": phones}
    for name, body in bodies.items():
        bench.write(f"{name}.json", json.dumps(body, ensure_ascii=False, separators=(",", ":")))


def start_upstream(bench):
    child = start(bench, "upstream", [bench.upstream, "--user", bench.path("vendor_user.json")], stdout=subprocess.PIPE)
    address = child.stdout.readline().decode().strip()
    if not address:
        raise Trouble(f"the upstream did not start: {tail(bench.path('upstream.log'))}")
    bench.targets.append(Target("direct", int(address.rpartition(":")[2]), base="/scim/v2", token=VENDOR_TOKEN))
    return address


def certificates(bench):
    """The bridge's own development certificate; `None` if there is none."""
    folder = bench.path("certs")
    try:
        subprocess.run([bench.bridge, "certs", "dev", "--out", folder], check=True, capture_output=True, timeout=30)
    except (OSError, subprocess.SubprocessError) as error:
        said = getattr(error, "stderr", None) or b""
        bench.skip("TLS", f"scim-bridge certs dev: {error} {said.decode(errors='replace').strip()}")
        return None
    files = {name: os.path.join(folder, name + ".pem") for name in ("ca", "server", "server-key")}
    missing = [path for path in files.values() if not os.path.exists(path)]
    if missing:
        bench.skip("TLS", f"scim-bridge certs dev did not make {missing}")
        return None
    return files


NGINX = """
{user}
daemon off;
pid {home}/nginx.pid;
error_log stderr warn;
worker_processes {workers};
worker_rlimit_nofile 20000;
events {{ worker_connections 8192; }}
http {{
  access_log off;
  client_body_buffer_size 64k;
  client_body_temp_path {home}/nginx-body; proxy_temp_path {home}/nginx-proxy; fastcgi_temp_path {home}/nginx-fastcgi;
  uwsgi_temp_path {home}/nginx-uwsgi; scgi_temp_path {home}/nginx-scgi;
  keepalive_requests 1000000000; keepalive_timeout 300s;
  proxy_buffers 16 16k; proxy_buffer_size 16k;
  upstream vendor {{ server {upstream}; keepalive 256; keepalive_requests 1000000000; }}
  server {{
    listen 127.0.0.1:{port}{ssl};
    {certificates}
    location {base}/ {{
      proxy_pass http://vendor/scim/v2/;
      proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host $host;
    }}
  }}
}}
"""


def start_nginx(bench, upstream, files):
    tool = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
    if not tool:
        return bench.skip("nginx", "it is not installed, and there are no ratios without it")
    for name, tls in transports("nginx", files):
        port = free_port()
        home = bench.path(name)
        os.mkdir(home)
        pem = tls and f"ssl_certificate {files['server']}; ssl_certificate_key {files['server-key']}; ssl_protocols TLSv1.3;"
        text = NGINX.format(user="user root;" if os.geteuid() == 0 else "", home=home, workers=os.cpu_count(), upstream=upstream,
                            port=port, base=BASE, ssl=" ssl" if tls else "", certificates=pem or "")
        conf = bench.write(f"{name}.conf", text)
        child = start(bench, name, [tool, "-p", home, "-c", conf])
        bench.targets.append(Target(name, port, ca=tls and files["ca"], process=child, log=bench.path(f"{name}.log")))


BRIDGE = """
listen: 127.0.0.1:{port}
public_url: {scheme}://{host}
{tls}
{store}
integrations:
  bench:
    idp:
      auth:
        - bearer: {{ env: BENCH_IDP_TOKEN }}
    mapping: ninjaone
    vendor:
      url: http://{upstream}/scim/v2
      credential:
        token: {{ env: BENCH_VENDOR_TOKEN }}
      limits: {{ rate: 1000000/s, burst: 1000000, in_flight: 256 }}
    limits: {{ rate: 1000000/s, burst: 1000000 }}
"""


def start_bridge(bench, upstream, files):
    if not os.path.exists(bench.bridge):
        return bench.skip("bridge", f"{bench.bridge} does not exist")
    tokens = {"BENCH_IDP_TOKEN": IDP_TOKEN, "BENCH_VENDOR_TOKEN": VENDOR_TOKEN}
    for name, tls in transports("bridge", files):
        port = free_port()
        target = Target(name, port, ca=tls and files["ca"], log=bench.path(f"{name}.log"))
        pem = f"tls: {{ certificate: {files['server']}, key: {files['server-key']} }}" if tls else ""
        store = ""
        if bench.options.store == "sqlite":
            key = bench.write("store.key", os.urandom(32).hex())
            store = f"store: {{ url: 'sqlite:{bench.path(name + '.db')}', key: {{ file: {key} }} }}"
        text = BRIDGE.format(port=port, scheme="https" if tls else "http", host=target.host(), tls=pem, store=store,
                             upstream=upstream)
        config = bench.write(f"{name}.yaml", text)
        target.process = start(bench, name, [bench.bridge, "serve", "--config", config], env=tokens, cwd=bench.home)
        target.yardstick = name.replace("bridge", "nginx")
        bench.targets.append(target)


def transports(name, files):
    yield name, False
    if files:
        yield f"{name} TLS", True


def ask(target, workload, bench, number):
    """One request, not measured: its status and its answer."""
    fill = lambda text: text.replace(MARK, f"{number:08}")
    data = None
    if workload.body:
        with open(bench.path(workload.body + ".json"), encoding="utf-8") as f:
            data = fill(f.read()).encode()
    headers = {"Authorization": f"Bearer {target.token}", "Content-Type": "application/scim+json"}
    request = urllib.request.Request(target.url(fill(workload.path)), data, headers, method=workload.method)
    trust = ssl.create_default_context(cafile=target.ca) if target.ca else None
    handlers = [urllib.request.ProxyHandler({})] + ([urllib.request.HTTPSHandler(context=trust)] if trust else [])
    try:
        with urllib.request.build_opener(*handlers).open(request, timeout=10) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def wait_ready(bench, target):
    """Ready means: it answers HTTP. A target that does not is left out, by name."""
    until = time.monotonic() + 20
    why = "nothing answered"
    while time.monotonic() < until:
        if target.process and target.process.poll() is not None:
            why = f"it ended with {target.process.returncode}"
            break
        try:
            ask(target, WORKLOADS["get"], bench, 1)
            return True
        except OSError as error:
            why = str(error)
            time.sleep(0.05)
    bench.skip(target.name, f"{why}: {tail(target.log)}")
    return False


def check(bench, target):
    """Every workload does what its name says before it is measured; one that does not is left out, by name."""
    for name in bench.options.workloads:
        workload = WORKLOADS[name]
        status, answer = ask(target, workload, bench, bench.new_users(1) if workload.makes else 1)
        expected = 201 if workload.makes else 200
        if status != expected:
            said = f"{answer[:600]!r}; {tail(target.log or os.devnull)}"
            bench.skip(f"{name} through {target.name}", f"it answers {status}, not {expected}: {said}")
            target.unfit.add(name)
        elif target.yardstick:
            check_mapped(target, name, json.loads(answer))


def check_mapped(target, name, answer):
    """What the bridge shows is its own, or it is not what shall be measured."""
    user = answer["Resources"][0] if "Resources" in answer else answer
    location = user.get("meta", {}).get("location", "")
    if not location.startswith(target.url(USERS)):
        say(f"warning: {target.name}: {name} shows {location!r}, which is not under {target.url(USERS)}")
    if any("ninjaone" in key for key in user):
        say(f"warning: {target.name}: {name} shows what the mapping adds: is the mapping in use?")


def measure(bench, target, name, round_, seconds, rate=None):
    """One run of the generator, with the CPU time that the target took for it."""
    workload, options = WORKLOADS[name], bench.options
    command = [bench.load, "--address", f"127.0.0.1:{target.port}", "--host", target.host(), "--token", target.token,
               "--method", workload.method, "--path", target.base + workload.path, "--seconds", str(seconds)]
    if workload.body:
        command += ["--body", bench.path(workload.body + ".json")]
    if target.ca:
        command += ["--ca", target.ca]
    if workload.makes:
        count = int((rate or MOST_A_SECOND) * (seconds + 1))
        command += ["--first", str(bench.new_users(count)), "--users", str(count)]
    else:
        command += ["--users", str(KNOWN)]
    loop = ["--connections", str(options.connections)] if rate is None else ["--connections", "32", "--rate", str(rate)]
    command += loop
    pid = target.process.pid if target.process else None
    before = cpu_seconds(pid) if pid else 0.0
    generator = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    memory = {}
    with contextlib.suppress(subprocess.TimeoutExpired):
        generator.wait(seconds * 0.8)
    if pid:
        memory = memory_mib(pid)
    said, _ = generator.communicate(timeout=150)
    if generator.returncode:
        raise Trouble(f"the load generator failed: {' '.join(command)}")
    run = {"target": target.name, "workload": name, "round": round_, "loop": "closed" if rate is None else "open",
           **json.loads(said), **memory}
    if pid and run["requests"]:
        run["cpu_us"] = (cpu_seconds(pid) - before) * 1e6 / run["requests"]
    if run["bad"] or run["broken"]:
        say(f"warning: {target.name}: {name}: {run['bad']} bad, {run['broken']} broken: {run['first_bad']}")
    return run


def measure_all(bench):
    options = bench.options
    for name in options.workloads:
        for target in bench.fit(name):
            measure(bench, target, name, None, min(1.0, options.seconds))
    order = random.Random(7)
    for round_ in range(options.rounds):
        for name in options.workloads:
            for rate in (None, options.rate):
                targets = bench.fit(name)
                order.shuffle(targets)
                bench.runs += [measure(bench, target, name, round_, options.seconds, rate) for target in targets]
        say(f"round {round_ + 1} of {options.rounds}")


# ---- what is printed


def middle(values):
    values = [value for value in values if value is not None]
    return statistics.median(values) if values else None


def figure(value, digits=0):
    return "–" if value is None else f"{value:,.{digits}f}"


def summary(bench):
    """One row a workload and target: medians over the rounds, and the median of the ratios within a round."""
    rows = []
    for name in bench.options.workloads:
        for target in bench.fit(name):
            def runs(loop, of=target.name):
                return [run for run in bench.runs if (run["workload"], run["target"], run["loop"]) == (name, of, loop)]

            closed, opened = runs("closed"), runs("open")
            beside = {run["round"]: run.get("cpu_us") for run in runs("closed", target.yardstick)}
            ratios = [run["cpu_us"] / beside[run["round"]] for run in closed if run.get("cpu_us") and beside.get(run["round"])]
            rows.append({
                "workload": name,
                "target": target.name,
                "cpu_us": middle([run.get("cpu_us") for run in closed]),
                "ratio": middle(ratios),
                "ratio_range": [min(ratios), max(ratios)] if ratios else None,
                "per_second": middle([run["per_second"] for run in closed]),
                "p50": middle([run["p50"] for run in opened]),
                "p99": middle([run["p99"] for run in opened]),
                "rss": middle([run.get("rss") for run in closed]),
                "pss": middle([run.get("pss") for run in closed]),
                "failed": sum(run["bad"] + run["broken"] for run in closed + opened),
            })
    return rows


def table(bench, rows):
    rate = f"{bench.options.rate:,}/s"
    head = ["workload", "target", "CPU µs/request", "× nginx", "requests/s", f"p50 µs at {rate}", f"p99 µs at {rate}", "RSS MiB",
            "PSS MiB", "failed"]
    lines = [head, ["---", "---"] + ["---:"] * 8]
    for row in rows:
        ratio = "–"
        if row["ratio"]:
            ratio = "{:.2f} ({:.2f}–{:.2f})".format(row["ratio"], *row["ratio_range"])
        lines.append([row["workload"], row["target"], figure(row["cpu_us"], 1), ratio, figure(row["per_second"]), figure(row["p50"]),
                      figure(row["p99"]), figure(row["rss"], 1), figure(row["pss"], 1), str(row["failed"])])
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def machine():
    with contextlib.suppress(OSError), open("/proc/cpuinfo") as f:
        names = [line.partition(":")[2].strip() for line in f if line.startswith("model name")]
    return {"cores": os.cpu_count(), "cpu": names[0] if names else None, "system": platform.platform(), "load": os.getloadavg()}


def known_workloads(text):
    names = text.split(",")
    unknown = [name for name in names if name not in WORKLOADS]
    if unknown:
        raise argparse.ArgumentTypeError(f"unknown: {unknown[0]}; known: {', '.join(WORKLOADS)}")
    return names


def arguments():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--rounds", type=int, default=5)
    p.add_argument("--seconds", type=float, default=3.0, help="of one measurement")
    p.add_argument("--rate", type=int, default=2_000, help="requests a second when latency is measured")
    p.add_argument("--connections", type=int, default=64, help="at saturation")
    p.add_argument("--workloads", type=known_workloads, default=["post", "get", "patch"], help=", ".join(WORKLOADS))
    p.add_argument("--bridge", help="another scim-bridge than the one in target/release")
    p.add_argument("--store", choices=["memory", "sqlite"], default="memory",
                   help="where the bridge remembers: for as long as it runs, or in a file, with an fsync for each write")
    p.add_argument("--no-build", action="store_true")
    p.add_argument("--no-tls", action="store_true")
    p.add_argument("--out", help="write every measurement here, as JSON")
    return p.parse_args()


def main():
    options = arguments()
    with contextlib.ExitStack() as stack:
        home = stack.enter_context(tempfile.TemporaryDirectory(prefix="scim-bridge-bench-"))
        bench = Bench(options, home, stack)
        build(bench)
        write_bodies(bench)
        before = machine()
        upstream = start_upstream(bench)
        files = None if options.no_tls else certificates(bench)
        start_nginx(bench, upstream, files)
        start_bridge(bench, upstream, files)
        bench.targets = [target for target in bench.targets if wait_ready(bench, target)]
        for target in bench.targets:
            check(bench, target)
        measure_all(bench)
        rows = summary(bench)
        print(table(bench, rows))
        if options.out:
            said = {"machine": before, "options": vars(options), "skipped": bench.skipped, "summary": rows, "runs": bench.runs}
            with open(options.out, "w") as f:
                json.dump(said, f, indent=1)
    return 1 if any(row["failed"] for row in rows) else 0


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        sys.exit(main())
    except (Trouble, subprocess.CalledProcessError) as trouble:
        sys.exit(f"side_by_side: {trouble}")
