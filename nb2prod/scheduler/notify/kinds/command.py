"""A command: a list of arguments, started without a shell, which gets the message as JSON on its standard input."""

import contextlib
import json
import os
import signal
import subprocess
from collections.abc import Mapping
from dataclasses import asdict

from nb2prod.scheduler.notify.notifier import ChannelRefused, Message, Notifier, NotSent, Setting
from nb2prod.scheduler.notify.secret import is_reference


def check(settings: Mapping[str, object]) -> None:
    argv = settings["command"]
    if not isinstance(argv, list) or not argv or not all(isinstance(part, str) and part for part in argv):
        raise ChannelRefused("settings.command", 'it must be a list of texts, as ["/usr/bin/page", "--team", "data"]')
    env = settings.get("env")
    for name, value in env.items() if isinstance(env, dict) else ():
        if not isinstance(value, str) and not is_reference(value):
            raise ChannelRefused(f"settings.env.{name}", "it must be a text or a secret")


def send(message: Message, settings: Mapping[str, object]) -> str:
    argv, seconds = settings["command"], float(str(settings.get("timeout") or 10))
    assert isinstance(argv, list)
    env = settings.get("env")
    more = {str(name): str(value) for name, value in env.items()} if isinstance(env, dict) else {}
    try:
        process = subprocess.Popen(
            argv,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env={**os.environ, **more, "NB2PROD_EVENT": message.event},
            process_group=0,
        )
    except OSError as error:
        raise NotSent(f"{argv[0]} cannot be started: {error.strerror or error}") from error
    return _wait(process, json.dumps(asdict(message)).encode(), seconds)


def _wait(process: subprocess.Popen[bytes], content: bytes, seconds: float) -> str:
    try:
        _, told = process.communicate(content, timeout=seconds)
    except subprocess.TimeoutExpired as error:
        raise NotSent(f"the command did not end within {seconds:g} s and was killed") from error
    finally:
        _end(process)
    if process.returncode:
        lines = told.decode("utf-8", "replace").strip().splitlines()
        raise NotSent(f"the command ended with {process.returncode}{f': {lines[-1][:300]}' if lines else ''}")
    return ""


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ends the command and what it left behind in its group."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    for stream in (process.stdin, process.stderr):
        if stream is not None:
            stream.close()


PLUGIN = Notifier(
    name="command",
    settings=(
        Setting("command", list, required=True),
        Setting("env", dict),
        Setting("timeout", (int, float)),
    ),
    check=check,
    send=send,
)
