"""Serves the account on 127.0.0.1 until stdin closes: `python -m account PORT FOLDER`.

The folder must be empty; functions are unpacked there, and it is removed at the end.  The parent process holds
the other end of stdin: when it ends, for whatever reason, the server and its process group, with the functions'
processes, end too.
"""

import asyncio
import os
import resource
import shutil
import signal
import sys
import threading


def main() -> None:
    """Serves."""
    port, folder = int(sys.argv[1]), sys.argv[2]
    if os.listdir(folder):
        raise SystemExit(f"{folder} is not empty, and it would be removed at the end")
    os.environ["TMPDIR"] = folder
    if os.getpgid(0) != os.getpid():
        os.setpgid(0, 0)
    threading.Thread(target=_end_with_stdin, args=(folder,), daemon=True).start()
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


def _end_with_stdin(folder: str) -> None:
    sys.stdin.buffer.read()
    shutil.rmtree(folder, ignore_errors=True)
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    main()
