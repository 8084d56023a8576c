"""
Runs commands of a Python client as what they are, each in a process and an environment of its own, but loads the client
once: nine tenths of the second that `openstack server list` takes are spent on that. Every command is a fork, which ends in
the `main` that the installed script calls.

    python loaded-shell.py openstackclient.shell

Standard input has a command a line, {"args": […], "env": {…}}; standard output its end, {"code", "stdout", "stderr"}.
"""

import importlib
import json
import os
import sys
import tempfile

shell = importlib.import_module(sys.argv[1])


def run(args, env, stdout, stderr, loaded):
    """In the fork."""
    for fd, file in [(0, open(os.devnull)), (1, stdout), (2, stderr)]:
        os.dup2(file.fileno(), fd)
    os.environ.clear()
    os.environ.update(env)
    known = set(sys.modules)
    try:
        sys.exit(shell.main(args))
    finally:
        json.dump([name for name in sys.modules if name not in known], loaded)
        loaded.flush()


def load(names):
    """What one command had to load besides, the next ones find loaded."""
    for name in names:
        try:
            importlib.import_module(name)
        except ImportError:
            pass


for line in sys.stdin:
    files = [tempfile.TemporaryFile("w+") for _ in range(3)]
    child = os.fork()
    if child == 0:
        run(**json.loads(line), stdout=files[0], stderr=files[1], loaded=files[2])
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    for file in files:
        file.seek(0)
    stdout, stderr, loaded = [file.read() for file in files]
    load(json.loads(loaded))
    print(json.dumps({"code": code, "stdout": stdout, "stderr": stderr}), flush=True)
