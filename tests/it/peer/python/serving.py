"""What the servers share: they say where they listen, and end when whoever started them is gone. Standard library only."""
import os
import sys
import threading


def announce(port, path):
    """Tell the parent the base URL, as the first and only line of standard output; the rest belongs to the log."""
    print(f"ready http://127.0.0.1:{port}{path}", flush=True)
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())


def live_as_long_as_stdin():
    """End with the parent: it holds the other end of standard input, whatever becomes of it."""

    def watch():
        while os.read(0, 4096):
            pass
        os._exit(0)

    threading.Thread(target=watch, daemon=True).start()
