"""A static bearer token instead of accounts."""
from types import SimpleNamespace

from django.conf import settings


class StaticBearer:
    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        known = request.headers.get("Authorization") == f"Bearer {settings.PEER_TOKEN}"
        request.user = SimpleNamespace(is_authenticated=known, is_anonymous=not known)
        return self.get_response(request)
