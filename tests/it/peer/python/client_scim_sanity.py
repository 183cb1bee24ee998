"""A conformance client: the probe of PyPI scim-sanity, in its strict mode. usage: BASE_URL TOKEN"""
import json
import os
import subprocess
import sys

from checks import arguments, guarded

STATUS = {"PASS": "pass", "FAIL": "fail", "ERROR": "fail", "SKIP": "skip", "WARN": "warn"}


def main(report):
    base, token = arguments()
    tool = os.path.join(os.path.dirname(sys.executable), "scim-sanity")
    command = [tool, "probe", base, "--token", token, "--json-output", "--i-accept-side-effects", "--strict", "--timeout", "20"]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    try:
        rows = json.loads(done.stdout)["results"]
    except (ValueError, KeyError):
        return report.add("(client) gave a report", "fail", (done.stdout + done.stderr)[-500:])
    for row in rows:
        phase = (row.get("phase") or "").split(" — ")[0].replace("Phase ", "P")
        name = row.get("name") or row.get("test") or "?"
        if phase == "Cleanup":
            # Its names end in ids.
            name = "/".join(name.split("/")[:-1]) + "/{id}"
        status = STATUS.get(str(row.get("status")).upper(), "fail")
        report.add(f"{phase} {name}", status, row.get("message") or "")


guarded(main)
