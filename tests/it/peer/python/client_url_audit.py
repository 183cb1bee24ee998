"""A conformance client: what must be right about URLs when something stands between a client and a server. usage: (BASE_URL TOKEN)...

Every URL that an answer shows as a SCIM location ($ref, location, Location, Content-Location) must be under the base URL that
the client used, and the client must get there with it. Relative ones are resolved against the base first.
"""
import urllib.parse
import uuid

from checks import Http, guarded, query

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
MESSAGES = "urn:ietf:params:scim:api:messages:2.0:"


def locations(value, where=""):
    """Every location in a JSON body, as (place, URL)."""
    if isinstance(value, dict):
        for key, inner in value.items():
            here = f"{where}.{key}" if where else key
            located = key in ("location", "$ref") or key == "endpoint" and "://" in str(inner)
            if located and isinstance(inner, str):
                yield here, inner
            else:
                yield from locations(inner, here)
    elif isinstance(value, list):
        for inner in value:
            yield from locations(inner, f"{where}[]")


class Audit:
    """Looks at the URLs of answers."""

    def __init__(self, report, base, token):
        self.report, self.base, self.http = report, base, Http(base, token)

    def is_ours(self, url):
        resolved = urllib.parse.urljoin(self.base + "/", url)
        return resolved == self.base or resolved.startswith(self.base + "/")

    def check(self, name, answer, expected=(200,)):
        """One check of all the URLs in one answer."""
        name += ": URLs"
        if answer.status not in expected:
            return self.report.skip(name, f"status {answer.status}")
        found = list(locations(answer.json))
        found += [(header, answer.header(header)) for header in ("Location", "Content-Location") if answer.header(header)]
        if not found:
            return self.report.skip(name, "none shown")
        bad = [f"{place}={url}" for place, url in found if not self.is_ours(url)]
        self.report.check(f"{name} under the base", not bad, f"{len(bad)} of {len(found)}: {bad[:3]}")

    def get(self, path, name=None):
        self.check(f"GET {name or path}", self.http("GET", path))


def user(tag, **changes):
    mail = f"audit-{tag}@example.com"
    return {
        "schemas": [USER],
        "userName": mail,
        "externalId": tag,
        "displayName": "Audit",
        "active": True,
        "name": {"givenName": "Au", "familyName": "Dit", "formatted": "Au Dit"},
        "emails": [{"value": mail, "type": "work", "primary": True}],
        **changes,
    }


def made_user(http, tag):
    """A user; in a plainer form if the vendor refuses the first."""
    body = user(tag)
    made = http("POST", "/Users", body)
    plain = {**body, "emails": [{"value": body["emails"][0]["value"]}]}
    without = {key: value for key, value in plain.items() if key != "externalId"}
    for body in (plain, without):
        if made.status == 400:
            made = http("POST", "/Users", body)
    return made


def check_location_header(r, audit, made):
    header, inside = made.header("Location"), made.get("meta", "location")
    if not header:
        return r.skip("POST /Users: Location header", "absent")
    r.check("POST /Users: Location header equals meta.location", inside in (None, header), f"{header} vs {inside}")
    r.check("POST /Users: Location header is absolute", "://" in header, header)
    if "://" in header:
        follows = header.startswith(audit.base) and audit.http("GET", header).status == 200
        r.check("POST /Users: Location followed as given answers 200 from the base", follows, header)


def check_member_reference(r, audit, group, tag, made):
    """A client that sends a $ref that it was given gets it back in the same space."""
    reference = made.get("meta", "location")
    if not reference:
        return
    member = {"value": made.get("id"), "$ref": reference}
    body = {"schemas": [GROUP], "id": group, "displayName": f"audit-{tag}", "members": [member]}
    put = audit.http("PUT", f"/Groups/{group}", body)
    r.check("PUT /Groups/{id}: members.$ref sent is accepted", put.status in (200, 204), put)
    back = put.get("members", 0, "$ref")
    if back:
        same = back.startswith(audit.base) or "://" not in back
        r.check("PUT /Groups/{id}: members.$ref comes back under the base or relative", same, f"{reference} became {back}")


def check_messages(audit, tag):
    audit.check("POST /.search", audit.http("POST", "/.search", {"schemas": [MESSAGES + "SearchRequest"], "count": 20}))
    data = {
        "schemas": [USER],
        "userName": f"bulk-{tag}",
        "name": {"formatted": "B", "familyName": "B", "givenName": "B"},
        "emails": [{"value": f"bulk-{tag}@example.com"}],
    }
    operation = {"method": "POST", "path": "/Users", "bulkId": "a", "data": data}
    bulk = {"schemas": [MESSAGES + "BulkRequest"], "Operations": [operation]}
    audit.check("POST /Bulk", audit.http("POST", "/Bulk", bulk))


def check_endpoints(r, audit):
    for kind in audit.http("GET", "/ResourceTypes").get("Resources") or []:
        endpoint = str(kind.get("endpoint"))
        joined = endpoint if "://" in endpoint else audit.base + "/" + endpoint.lstrip("/")
        works = joined.startswith(audit.base) and audit.http("GET", joined).status == 200
        r.check(f"ResourceTypes {kind.get('name')}: endpoint, joined to the base, answers 200", works, endpoint)


def main(r, base, token):
    audit = Audit(r, base, token)
    http = audit.http
    tag = uuid.uuid4().hex[:8]
    made = made_user(http, tag)
    audit.check("POST /Users", made, (200, 201))
    for path in ("/ServiceProviderConfig", "/ResourceTypes", "/ResourceTypes/User", "/Schemas"):
        audit.get(path)
    audit.get(f"/Schemas/{USER}", "/Schemas/{urn}")
    uid = made.get("id")
    if not uid:
        return r.check("create a user", False, made)
    check_location_header(r, audit, made)
    group = http("POST", "/Groups", {"schemas": [GROUP], "displayName": f"audit-{tag}", "members": [{"value": uid}]})
    audit.check("POST /Groups", group, (200, 201))
    gid = group.get("id")
    audit.get(f"/Users/{uid}", "/Users/{id}")
    audit.get("/Users?count=50", "/Users")
    audit.get("/Users?" + query(filter=f'userName eq "audit-{tag}@example.com"'), "/Users?filter")
    changed = user(tag, id=uid, displayName="Audit2", name={"givenName": "Au", "familyName": "Dit2", "formatted": "Au Dit2"})
    audit.check("PUT /Users/{id}", http("PUT", f"/Users/{uid}", changed))
    replace = {"op": "replace", "path": "active", "value": False}
    patch = {"schemas": [MESSAGES + "PatchOp"], "Operations": [replace]}
    audit.check("PATCH /Users/{id}", http("PATCH", f"/Users/{uid}", patch))
    if gid:
        check_member_reference(r, audit, gid, tag, made)
        audit.get(f"/Groups/{gid}", "/Groups/{id}")
        audit.get("/Groups?count=50", "/Groups")
    check_messages(audit, tag)
    check_endpoints(r, audit)
    if gid:
        http("DELETE", f"/Groups/{gid}")
    http("DELETE", f"/Users/{uid}")


guarded(main)
