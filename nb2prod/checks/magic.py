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
from nb2prod.analysis.magics import Fate
from nb2prod.checks.check import Remark, Rule
from nb2prod.model.finding import Severity

_BECOMES = {Fate.DROPPED: "is left out", Fate.LOWERED: "becomes plain Python"}


def look(analysis: Analysis) -> Iterator[Remark]:
    for cell in analysis.production:
        for magic in cell.lowered.magics:
            if magic.fate in _BECOMES:
                message = f"`{magic.name}` {_BECOMES[magic.fate]}: {magic.note}"
                yield Remark(cell=cell.number, line=magic.line, message=message)


PLUGIN = Rule(code="NB407", name="magic", severity=Severity.INFO, page=__doc__, look=look)
