"""Serves the account on 127.0.0.1 until stdin closes: `python -m account PORT`.

Whoever started us holds the other end of stdin.  When that process ends, however it ends, we end too, and with us the
functions' processes, which are in our process group.
"""

import asyncio
import os
import resource
import signal
import sys
import threading


def main() -> None:
    """Serves."""
    port = int(sys.argv[1])
    if os.getpgid(0) != os.getpid():
        os.setpgid(0, 0)
    threading.Thread(target=_end_with_stdin, daemon=True).start()
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))

    from hypercorn.asyncio import serve
    from hypercorn.config import Config

    from . import internals  # noqa: F401  (first: it checks what the others reach into)
    from .app import app

    config = Config()
    config.bind = [f"127.0.0.1:{port}"]
    config.keep_alive_timeout = 75
    config.accesslog = None
    asyncio.run(serve(app, config))


def _end_with_stdin() -> None:
    sys.stdin.buffer.read()
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    main()
