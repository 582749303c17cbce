"""What a step prints goes to the terminal and to the step's log; with NB2PROD_LOG=json each line as JSON to stderr."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TextIO  # a stream of any kind

from nb2prod.runtime.export.json_lines import is_wanted, write_line

__all__ = ["Output"]


class Output:
    """Both streams for the whole run; `logging_to` says where a copy goes. Handlers that a step sets up stay valid.

    `lines` have been printed since the log was opened.
    """

    def __init__(self, run: str = "") -> None:
        self.run, self.step = run, ""
        self.log: TextIO | None = None
        self.lines = 0

    def __enter__(self) -> "Output":
        self._streams = sys.stdout, sys.stderr
        kind = _JsonTee if is_wanted() else _Tee
        self._tees = kind(self, sys.stdout, "stdout"), kind(self, sys.stderr, "stderr")
        sys.stdout, sys.stderr = self._tees
        return self

    def __exit__(self, *_: object) -> None:
        self._end_lines()
        sys.stdout, sys.stderr = self._streams

    @contextmanager
    def logging_to(self, path: Path) -> Iterator[None]:
        self._end_lines()
        with path.open("a", encoding="utf-8", errors="backslashreplace", newline="") as file:
            self.log, self.lines, self.step = file, 0, path.stem
            try:
                yield
            finally:
                self._end_lines()
                self.log, self.step = None, ""

    def write(self, text: str) -> None:
        if self.log is not None:
            self.log.write(text)
            self.lines += text.count("\n")

    def _end_lines(self) -> None:
        for tee in getattr(self, "_tees", ()):
            tee.end_line()


class _Tee:
    """A text stream that also writes to the log. A terminal that went away is no reason to stop."""

    def __init__(self, output: Output, stream: Any, name: str) -> None:
        self._output, self._stream, self._name = output, stream, name

    def write(self, text: str) -> int:
        self._output.write(text)
        self._pass_on(text)
        return len(text)

    def writelines(self, lines: Any) -> None:
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        with suppress(BrokenPipeError, ValueError, AttributeError):
            self._stream.flush()

    def end_line(self) -> None:
        """What is written next is of another step."""

    def _pass_on(self, text: str) -> None:
        try:
            self._stream.write(text)
        except (BrokenPipeError, ValueError, AttributeError):
            pass
        except UnicodeEncodeError:
            encoding = getattr(self._stream, "encoding", None) or "ascii"
            self._stream.write(text.encode(encoding, "backslashreplace").decode(encoding))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def __iter__(self) -> Any:
        return iter(self._stream)


class _JsonTee(_Tee):
    """Each line that is whole, with its run and step."""

    _rest = ""

    def end_line(self) -> None:
        rest, self._rest = self._rest, ""
        if rest:
            self._say(rest)

    def _pass_on(self, text: str) -> None:
        *lines, self._rest = (self._rest + str(text)).split("\n")
        for line in lines:
            self._say(line)

    def _say(self, line: str) -> None:
        where = {"run": self._output.run, "step": self._output.step}
        write_line("printed", **{k: v for k, v in where.items() if v}, stream=self._name, message=line)
