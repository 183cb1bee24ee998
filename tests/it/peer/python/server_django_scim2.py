"""A SCIM server: PyPI django-scim2 in the smallest project that it can live in. usage: TOKEN

Much of PATCH is missing (501), ids are integers, it speaks HTTP/1.0. It builds every URL from its settings, never from the
request. The models, the filter maps and the token check in django_peer are ours, everything else is the package.
"""
import sys
from wsgiref.simple_server import WSGIRequestHandler, make_server

import django
from django.conf import settings
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application

from serving import announce, live_as_long_as_stdin


class Quiet(WSGIRequestHandler):
    def log_message(self, *args):
        pass


live_as_long_as_stdin()
# One thread: an in-memory SQLite database lives in one connection.
httpd = make_server("127.0.0.1", 0, None, handler_class=Quiet)
settings.configure(
    ALLOWED_HOSTS=["*"],
    AUTH_USER_MODEL="django_peer.User",
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "django_scim", "django_peer"],
    LOGGING_CONFIG=None,
    MIDDLEWARE=["django_peer.auth.StaticBearer", "django_scim.middleware.SCIMAuthCheckMiddleware"],
    PEER_TOKEN=sys.argv[1],
    ROOT_URLCONF="django_peer.urls",
    SECRET_KEY="for tests",
    SCIM_SERVICE_PROVIDER={
        "NETLOC": f"127.0.0.1:{httpd.server_port}",
        "SCHEME": "http",
        "GROUP_MODEL": "django_peer.models.Group",
        "USER_FILTER_PARSER": "django_peer.filters.UserFilter",
        "GROUP_FILTER_PARSER": "django_peer.filters.GroupFilter",
        "WWW_AUTHENTICATE_HEADER": 'Bearer realm="peer"',
        "AUTHENTICATION_SCHEMES": [{"type": "oauthbearertoken", "name": "Bearer", "description": "a static token"}],
    },
    USE_TZ=True,
)
django.setup()
call_command("migrate", run_syncdb=True, verbosity=0)
httpd.set_app(get_wsgi_application())
announce(httpd.server_port, "/scim/v2")
httpd.serve_forever()
