"""Every way nb2prod can refuse to go on. Each class builds its own sentence: what, where, what to do."""

import difflib
from collections.abc import Sequence
from pathlib import Path


class Nb2ProdError(Exception):
    """The root of our exceptions; the text is a whole sentence for the user. `exit_code` is the CLI's."""

    exit_code = 2


class NotebookNotReadable(Nb2ProdError):
    def __init__(self, path: str | Path, reason: str) -> None:
        super().__init__(f"cannot read {path} as a notebook: {reason}")
        self.path, self.reason = Path(path), reason


class UnknownTag(Nb2ProdError):
    def __init__(self, path: str, cell: int, tag: str, hint: str) -> None:
        super().__init__(f"{path}: cell {cell} has the tag {tag!r}, which nb2prod does not know; {hint}")
        self.cell, self.tag = cell, tag


class InvalidName(Nb2ProdError):
    """`cell` is that of the tag, 0 for what stands in none."""

    def __init__(self, text: str, reason: str, cell: int = 0) -> None:
        super().__init__(f"{text!r} cannot be used as a name: {reason}")
        self.text, self.cell = text, cell


class InvalidOption(Nb2ProdError):
    """`cell` is the one whose tags or metadata say it, 0 for what stands in none."""

    def __init__(self, where: str, reason: str, cell: int = 0) -> None:
        super().__init__(f"{where}: {reason}")
        self.where, self.reason, self.cell = where, reason, cell


class KnowledgeWrong(Nb2ProdError):
    """An entry of a file of knowledge that cannot be read; `key` is "" for the whole file."""

    def __init__(self, file: str, key: str, reason: str) -> None:
        super().__init__(f"{file}: {f'{key}: ' if key else ''}{reason}")
        self.file, self.key = file, key


class ConversionRefused(Nb2ProdError):
    """The notebook cannot be converted faithfully. `findings` (model.finding.Finding) say why, cell by cell."""

    exit_code = 1

    def __init__(self, path: str, findings: Sequence[object]) -> None:
        count = len(findings)
        super().__init__(f"{path} was not converted: {count} finding{'s' if count != 1 else ''} must be repaired first")
        self.findings = tuple(findings)


class FolderNotOurs(Nb2ProdError):
    def __init__(self, folder: Path, reason: str) -> None:
        super().__init__(f"cannot write to {folder}: {reason}")
        self.folder = folder


class NotAProject(Nb2ProdError):
    def __init__(self, folder: Path, reason: str) -> None:
        super().__init__(f"{folder} is not a project made by nb2prod: {reason}")


class SettingsWrong(Nb2ProdError):
    """What a project's pipeline.toml says cannot be used; `reason` says where and what to write."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)


class ParameterRefused(Nb2ProdError):
    """A parameter that does not exist or has a value of the wrong type; nothing was started."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)


class NotInNotebook(Nb2ProdError):
    """A step or a name that was asked for and is not there; `kind` is "step" or "name"."""

    def __init__(self, notebook: str, kind: str, text: str, known: Sequence[str]) -> None:
        close = difflib.get_close_matches(text, known, n=1, cutoff=0.5)
        there = f"did you mean {close[0]!r}?" if close else f"it has {', '.join(known[:20]) or 'none'}"
        super().__init__(f"{notebook} has no {kind} {text!r}; {there}")
        self.text = text


class CacheNotReachable(Nb2ProdError):
    """The artifacts of a project; `reason` is the runtime's own sentence."""

    exit_code = 7

    def __init__(self, reason: str) -> None:
        super().__init__(reason)


class CacheInUse(Nb2ProdError):
    def __init__(self, run: str) -> None:
        super().__init__(f"run {run} is going on and needs what it has made: wait for it, or cancel it")


class NoLimits(Nb2ProdError):
    def __init__(self) -> None:
        super().__init__(
            "nothing says how much may stay: give --max-size 10GB or --max-age 30d, "
            "or write max_size or max_age under [cache] in pipeline.toml"
        )


class TraceNotReadable(Nb2ProdError):
    def __init__(self, where: str, reason: str) -> None:
        super().__init__(f"{where} cannot be used as a trace: {reason}; make it again with `nb2prod trace`")


class UnknownCode(Nb2ProdError):
    def __init__(self, code: str, known: Sequence[str]) -> None:
        super().__init__(f"no finding has the code {code!r}; the codes are {', '.join(known)}")
        self.code = code


class NotReplayable(Nb2ProdError):
    """A step that cannot be opened again as a notebook, or a replay that cannot be taken back; nothing was written."""


class SchedulerNotStarted(Nb2ProdError):
    """`last` are the last lines of its log."""

    exit_code = 7

    def __init__(self, reason: str, log: Path, last: str) -> None:
        super().__init__(f"the scheduler did not start: {reason}; its log is {log}" + (f"\n{last}" if last else ""))
