"""What becomes of magics.

Production has no IPython. A magic that only shows something or concerns the editor is dropped (`%matplotlib inline`,
`df?`, `%timeit`), one that runs a statement becomes that statement (`%time`, `%%time`, `%%capture`), `%env` sets
the variable in Python. `!command` and `%%bash` become checked calls of subprocess: where the notebook went on after a
command that failed, the step fails. Each of these is told here so that nothing vanishes unseen. A magic that does
something else is refused by the conversion (NB201), with what to write instead.

Instead of     files = !ls data
write          from pathlib import Path
               files = sorted(path.name for path in Path("data").iterdir())
"""

from collections.abc import Iterator

from nb2prod.analysis.analyse import Analysis
from nb2prod.analysis.fixes import lines_fix
from nb2prod.analysis.magics import Fate, LoweredCell, Magic
from nb2prod.checks.check import Remark, Rule
from nb2prod.model.finding import Fix, Severity

_BECOMES = {Fate.DROPPED: "is left out", Fate.LOWERED: "becomes plain Python"}


def look(analysis: Analysis) -> Iterator[Remark]:
    for cell in analysis.production:
        for magic in cell.lowered.magics:
            if magic.fate in _BECOMES:
                message = f"`{magic.name}` {_BECOMES[magic.fate]}: {magic.note}"
                fix = _without(cell.lowered, magic) if magic.fate is Fate.DROPPED else None
                yield Remark(cell=cell.number, line=magic.line, message=message, fix=fix)


def _without(cell: LoweredCell, magic: Magic) -> Fix | None:
    """For a magic that has its line to itself."""
    line = cell.source.split("\n")[magic.line - 1].strip()
    is_whole = line.startswith(("%", "!", "?")) or (line.endswith("?") and "=" not in line)
    if not is_whole or line.startswith("%%") or line.endswith("\\"):
        return None
    return lines_fix(cell, f"Remove `{line}`, which production does without", magic.line, magic.line)


PLUGIN = Rule(code="NB407", name="magic", severity=Severity.INFO, page=__doc__, look=look)
