"""What the clients share: a list of named results, and a plain HTTP call. Standard library only."""
import http.client
import json
import random
import sys
import traceback
import urllib.parse
import uuid


class Report:
    """Collects named results and prints them as one JSON document, on a line of its own.

    A name is the same in every run: nothing random is in it, and the second check of one name is numbered.
    """

    def __init__(self):
        self.results = []
        self.seen = {}

    def add(self, name, status, reason=""):
        """One result; `status` is pass, fail, skip or warn."""
        name = name.strip()
        self.seen[name] = count = self.seen.get(name, 0) + 1
        if count > 1:
            name += f"#{count}"
        reason = "" if status == "pass" else str(reason)[:600]
        self.results.append({"name": name, "status": status, "reason": reason})

    def check(self, name, passed, reason=""):
        self.add(name, "pass" if passed else "fail", reason)

    def skip(self, name, reason):
        self.add(name, "skip", reason)

    def finish(self):
        print(json.dumps({"results": self.results}), flush=True)


class Answer:
    """A response, with its body as JSON if it is JSON."""

    def __init__(self, status, headers, raw):
        self.status, self.headers, self.raw = status, headers, raw
        try:
            self.json = json.loads(raw) if raw else None
        except ValueError:
            self.json = None

    def header(self, name):
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)

    def get(self, *path):
        """Walk the body by keys and indexes; None where something is absent."""
        value = self.json
        for step in path:
            try:
                value = value[step]
            except (KeyError, IndexError, TypeError):
                return None
        return value

    def __str__(self):
        return f"{self.status} {self.raw[:300]!r}"


class Http:
    """One request a connection, no redirect followed, nothing hidden."""

    def __init__(self, base, token, timeout=20):
        self.base, self.token, self.timeout = base.rstrip("/"), token, timeout

    def __call__(self, method, path, body=None, headers=None, authorization=None):
        parts = urllib.parse.urlsplit(path if path.startswith("http") else self.base + path)
        send = {"Accept": "application/scim+json", "Authorization": authorization or f"Bearer {self.token}"}
        data = None
        if body is not None:
            data = json.dumps(body).encode()
            send["Content-Type"] = "application/scim+json; charset=utf-8"
        send.update(headers or {})
        target = parts.path + ("?" + parts.query if parts.query else "")
        connection = http.client.HTTPConnection(parts.hostname, parts.port or 80, timeout=self.timeout)
        try:
            connection.request(method, target, body=data, headers=send)
            response = connection.getresponse()
            return Answer(response.status, response.getheaders(), response.read().decode("utf-8", "replace"))
        finally:
            connection.close()


def query(**params):
    return urllib.parse.urlencode(params, quote_via=urllib.parse.quote)


def guarded(main):
    """Run a client at every endpoint of the command line, a base URL and a token each; a crash is a report that says so.

    What is made up at random is the same at each of them and in every run, else one of two runs would find by luck what the
    other does not.
    """
    uuid.uuid4 = lambda: uuid.UUID(int=random.getrandbits(128), version=4)
    for base, token in zip(sys.argv[1::2], sys.argv[2::2]):
        random.seed(0)
        report = Report()
        try:
            main(report, base.rstrip("/"), token)
        except Exception:
            report.add("(client) ran to its end", "fail", traceback.format_exc()[-600:])
        report.finish()
