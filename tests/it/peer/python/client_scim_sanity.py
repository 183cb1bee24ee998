"""A conformance client: the probe of PyPI scim-sanity, in its strict mode. usage: (BASE_URL TOKEN)..."""
from scim_sanity.probe.runner import run_probe_api

from checks import guarded

STATUS = {"PASS": "pass", "FAIL": "fail", "ERROR": "fail", "SKIP": "skip", "WARN": "warn"}


def main(report, base, token):
    for row in run_probe_api(base, token=token, timeout=20)["results"]:
        phase = (row.get("phase") or "").split(" — ")[0].replace("Phase ", "P")
        name = row.get("name") or row.get("test") or "?"
        if phase == "Cleanup":
            # Its names end in ids.
            name = "/".join(name.split("/")[:-1]) + "/{id}"
        status = STATUS.get(str(row.get("status")).upper(), "fail")
        report.add(f"{phase} {name}", status, row.get("message") or "")


guarded(main)
