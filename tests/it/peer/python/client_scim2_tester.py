"""A conformance client: PyPI scim2-tester, called as the library that it is. usage: (BASE_URL TOKEN)...

It shares its models with scim2-server, so that only its runs against other servers are independent.
"""
from httpx2 import Client
from scim2_client.engines.httpx2 import SyncSCIMClient
from scim2_tester import Status, check_server

from checks import guarded

STATUS = {
    Status.SUCCESS: "pass",
    Status.COMPLIANT: "pass",
    Status.ACCEPTABLE: "pass",
    Status.DEVIATION: "warn",
    Status.SKIPPED: "skip",
}
SCHEMAS = "urn:ietf:params:scim:schemas:"


def main(report, base, token):
    http = Client(base_url=base, headers={"Authorization": f"Bearer {token}"}, timeout=30, trust_env=False)
    for item in check_server(SyncSCIMClient(http)):
        name = f"{item.resource_type}." if item.resource_type else ""
        name += item.title or "untitled"
        urn = item.data.get("urn") if isinstance(item.data, dict) else None
        if urn:
            name += f"[{str(urn).replace(SCHEMAS, '')}]"
        status = STATUS.get(item.status, "fail")
        reason = item.reason or ""
        if status == "fail" and item.data is not None and not urn:
            reason += f" | {str(item.data)[:250]}"
        report.add(name, status, reason)


guarded(main)
