"""What a step prints goes to the terminal and to the step's log."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TextIO  # a stream of any kind

__all__ = ["Output"]


class Output:
    """Both streams for the whole run; `logging_to` says where a copy goes. Handlers that a step sets up stay valid.

    `lines` have been printed since the log was opened.
    """

    def __init__(self) -> None:
        self.log: TextIO | None = None
        self.lines = 0

    def __enter__(self) -> "Output":
        self._streams = sys.stdout, sys.stderr
        sys.stdout, sys.stderr = _Tee(self, sys.stdout), _Tee(self, sys.stderr)
        return self

    def __exit__(self, *_: object) -> None:
        sys.stdout, sys.stderr = self._streams

    @contextmanager
    def logging_to(self, path: Path) -> Iterator[None]:
        with path.open("a", encoding="utf-8", errors="backslashreplace", newline="") as file:
            self.log, self.lines = file, 0
            try:
                yield
            finally:
                self.log = None

    def write(self, text: str) -> None:
        if self.log is not None:
            self.log.write(text)
            self.lines += text.count("\n")


class _Tee:
    """A text stream that also writes to the log. A terminal that went away is no reason to stop."""

    def __init__(self, output: Output, stream: Any) -> None:
        self._output, self._stream = output, stream

    def write(self, text: str) -> int:
        self._output.write(text)
        try:
            self._stream.write(text)
        except (BrokenPipeError, ValueError, AttributeError):
            pass
        except UnicodeEncodeError:
            encoding = getattr(self._stream, "encoding", None) or "ascii"
            self._stream.write(text.encode(encoding, "backslashreplace").decode(encoding))
        return len(text)

    def writelines(self, lines: Any) -> None:
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        with suppress(BrokenPipeError, ValueError, AttributeError):
            self._stream.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def __iter__(self) -> Any:
        return iter(self._stream)
