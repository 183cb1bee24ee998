"""A conformance client: what Okta's published SCIM 2.0 spec test checks, and the vendor's half of its CRUD test. Written anew
from their definitions. usage: (BASE_URL TOKEN)...

The numbers in the names are those of the spec test's steps. It wants one user to exist before it begins, so one is made first.
"""
import random
import time
import uuid

from checks import Http, guarded, query

LIST = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
USER = "urn:ietf:params:scim:schemas:core:2.0:User"
READ = {
    "Accept": "application/scim+json",
    "Accept-Charset": "utf-8",
    "Content-Type": "application/scim+json; charset=utf-8",
    "User-Agent": "OKTA SCIM Integration",
}
WRITE = {"Accept": "application/scim+json; charset=utf-8", "Content-Type": "application/json"}


def number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def full(value):
    return value not in (None, "", [], {})


class Person:
    """Whom the test makes."""

    def __init__(self):
        self.tag = uuid.uuid4().hex[:8]
        self.first = f"Runscope{random.randint(100, 999)}"
        self.last = "L" + self.tag
        self.mail = f"{self.first}{self.last}@example.com"

    def body(self, mail):
        return {
            "schemas": [USER],
            "userName": mail,
            "name": {"givenName": self.first, "familyName": self.last},
            "emails": [{"primary": True, "value": mail, "type": "work"}],
            "displayName": f"{self.first} {self.last}",
            "active": True,
        }


def check_fields(r, answer, at, label):
    for path in (("id",), ("name", "familyName"), ("name", "givenName"), ("userName",)):
        r.check(f"{label}: {'.'.join(path)}", full(answer.get(*at, *path)), answer)
    r.check(f"{label}: active", answer.get(*at, "active") is not None, answer)
    r.check(f"{label}: emails[0].value", full(answer.get(*at, "emails", 0, "value")), answer)


def check_error(r, answer, status, label):
    r.check(f"{label}: {status}", answer.status == status, answer)
    r.check(f"{label}: detail", full(answer.get("detail")), answer)
    r.check(f"{label}: status is {status}", str(answer.get("status")) == str(status), answer.get("status"))
    r.check(f"{label}: Error schema", ERROR in (answer.get("schemas") or []), answer)


def check_reads(r, http):
    """Steps 1 and 2: what is there can be listed and read."""
    a = http("GET", "/Users?count=1&startIndex=1", headers=READ)
    r.check("1 list users: 200", a.status == 200, a)
    r.check("1 list users: Resources not empty", full(a.get("Resources")), a)
    r.check("1 list users: schemas has ListResponse", LIST in (a.get("schemas") or []), a)
    for key in ("itemsPerPage", "startIndex", "totalResults"):
        r.check(f"1 list users: {key} is a number", number(a.get(key)), a.get(key))
    check_fields(r, a, ("Resources", 0), "1 list users: Resources[0]")
    known = a.get("Resources", 0, "id")

    a = http("GET", f"/Users/{known}", headers=READ)
    r.check("2 get user: 200", a.status == 200, a)
    check_fields(r, a, (), "2 get user")
    r.check("2 get user: id is the one asked for", a.get("id") == known, a.get("id"))


def check_absent(r, http, mail):
    """Steps 3 to 5: what is not there is not found."""
    a = http("GET", "/Users?" + query(filter='userName eq "abcdefgh@atko.com"'), headers=READ)
    r.check("3 unknown userName: 200", a.status == 200, a)
    r.check("3 unknown userName: ListResponse", LIST in (a.get("schemas") or []), a)
    r.check("3 unknown userName: totalResults 0", str(a.get("totalResults")) == "0", a.get("totalResults"))

    a = http("GET", "/Users/010101001010101011001010101011", headers=READ)
    r.check("4 unknown id: 404", a.status == 404, a)
    r.check("4 unknown id: detail", full(a.get("detail")), a)
    r.check("4 unknown id: Error schema", ERROR in (a.get("schemas") or []), a)

    a = http("GET", "/Users?" + query(filter=f'userName eq "{mail}"'), headers=READ)
    r.check("5 random user absent: 200", a.status == 200, a)
    r.check("5 random user absent: totalResults is number 0", a.get("totalResults") == 0, a.get("totalResults"))
    r.check("5 random user absent: ListResponse", LIST in (a.get("schemas") or []), a)


def check_create(r, http, person):
    """Steps 6 to 9: a user is made once. Returns its id."""
    mail = person.mail
    a = http("POST", "/Users", person.body(mail), WRITE)
    r.check("6 create: 201", a.status == 201, a)
    r.check("6 create: active true", a.get("active") is True, a.get("active"))
    r.check("6 create: id", full(a.get("id")), a)
    r.check("6 create: familyName", a.get("name", "familyName") == person.last, a.get("name"))
    r.check("6 create: givenName", a.get("name", "givenName") == person.first, a.get("name"))
    r.check("6 create: schemas has User", USER in (a.get("schemas") or []), a.get("schemas"))
    r.check("6 create: userName", a.get("userName") == mail, a.get("userName"))
    made = a.get("id")

    a = http("GET", f"/Users/{made}", headers=READ)
    r.check("7 created user: 200", a.status == 200, a)
    r.check("7 created user: userName", a.get("userName") == mail, a.get("userName"))
    r.check("7 created user: familyName", a.get("name", "familyName") == person.last, a.get("name"))
    r.check("7 created user: givenName", a.get("name", "givenName") == person.first, a.get("name"))

    a = http("POST", "/Users", person.body(mail), WRITE)
    r.check("8 create the same again: 409", a.status == 409, a)
    a = http("GET", "/Users?" + query(filter=f'userName eq "{mail.upper()}"'), headers=READ)
    r.check("9 userName in capitals: 200", a.status == 200, a)
    return made


def check_groups(r, http):
    """Step 10: groups, if there are any. The time is the best of three, since a busy machine is no deviation."""
    took = []
    for _ in range(3):
        start = time.monotonic()
        a = http("GET", "/Groups", headers=READ)
        took.append((time.monotonic() - start) * 1000)
    label = "10 list groups (optional)"
    if a.status == 404:
        return r.skip(label, a)
    r.check(f"{label}: 200", a.status == 200, a)
    r.check(f"{label}: under 600 ms", min(took) < 600, f"{min(took):.0f} ms")
    listed = a.get("totalResults") == 0 or isinstance(a.get("Resources"), list)
    r.check(f"{label}: Resources is a list when totalResults>=1", listed, a)


def check_errors(r, http, mail):
    """Steps 11 and 12: errors are SCIM errors."""
    a = http("GET", "/Users?" + query(filter=f'userName eq "{mail.upper()}"'), headers=READ, authorization="non-token")
    check_error(r, a, 401, "11 bad token")
    a = http("GET", "/Users/00919288221112222", headers=READ)
    check_error(r, a, 404, "12 bad id")


def check_crud(r, http, person, made):
    """What Okta sends between the steps of its CRUD test: a look-up by userName, a PUT of all it read, PATCHes of active."""
    mail = person.mail
    a = http("GET", "/Users?" + query(filter=f'userName eq "{mail}"'), headers=READ)
    r.check("crud: found by userName", a.get("Resources", 0, "userName") == mail, a)
    r.check("crud: emails[0].value", a.get("Resources", 0, "emails", 0, "value") == mail, a)
    whole = dict(a.get("Resources", 0) or person.body(mail))
    changed = person.first + "X"
    whole["name"] = {**(whole.get("name") or {}), "givenName": changed, "familyName": person.last}
    put = http("PUT", f"/Users/{made}", whole, READ)
    r.check("crud: PUT of what was read, first name changed: 200", put.status == 200, put)
    a = http("GET", f"/Users/{made}", headers=READ)
    r.check("crud: first name changed", a.get("name", "givenName") == changed, a.get("name"))
    for label, value in (("deactivated", False), ("reactivated", True), ("deactivated again", False)):
        body = {"schemas": [PATCH], "Operations": [{"op": "replace", "value": {"active": value}}]}
        patch = http("PATCH", f"/Users/{made}", body, READ)
        r.check(f"crud: PATCH without path, {label}: 200 or 204", patch.status in (200, 204), patch)
        a = http("GET", f"/Users/{made}", headers=READ)
        r.check(f"crud: {label}: 200", a.status == 200, a)
        r.check(f"crud: {label}: active", a.get("active") is value, a.get("active"))


def main(r, base, token):
    http = Http(base, token)
    person = Person()
    seed = http("POST", "/Users", person.body(f"seed-{person.tag}@example.com"), WRITE)
    r.check("setup: one user exists", seed.status == 201, seed)
    check_reads(r, http)
    check_absent(r, http, person.mail)
    made = check_create(r, http, person)
    check_groups(r, http)
    check_errors(r, http, person.mail)
    check_crud(r, http, person, made)
    for left in filter(None, (made, seed.get("id"))):
        http("DELETE", f"/Users/{left}")


guarded(main)
