"""A SCIM server: PyPI scim2-server, its own command, on a port of its own choice. usage: TOKEN

Strict and complete: filters, sorting, bulk, ETag and If-Match; its PATCH answers 204. Everything is kept in memory.
"""
import sys

from scim2_server.testserver import cli

from serving import announce, live_as_long_as_stdin

make_server = cli.make_server


def announced(*args, **kwargs):
    server = make_server(*args, **kwargs)
    announce(server.server_port, "/v2")
    return server


live_as_long_as_stdin()
cli.make_server = announced
sys.argv = ["scim2-server", "--port", "0", "--bearer-token", sys.argv[1]]
cli.main()
