"""A cell's lines in the making, and what stands where a magic stood."""

from dataclasses import dataclass

from nb2prod.analysis.magic_table import Magic


@dataclass(frozen=True, kw_only=True)
class Lowering:
    lines: tuple[str, ...]
    magics: tuple[Magic, ...] = ()
    requirements: tuple[str, ...] = ()

    def with_lines(
        self, start: int, new: tuple[str, ...], end: int, magic: Magic, requirements: tuple[str, ...]
    ) -> "Lowering":
        """`new` in place of the lines `start` to `end` (from 0), with empty lines to keep the number of lines."""
        blank = ("",) * (end - start + 1 - len(new))
        return Lowering(
            lines=(*self.lines[:start], *new, *blank, *self.lines[end + 1 :]),
            magics=(*self.magics, magic),
            requirements=(*self.requirements, *requirements),
        )


def put_aside(before: str, content: str) -> str:
    """A block must keep a statement; at the top an empty line will do."""
    indent = before[: len(before) - len(before.lstrip())]
    shown = f"{before.strip()} {content}".strip()
    return f"{indent}pass  # {shown}" if indent else ""
