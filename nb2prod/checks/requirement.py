"""Distributions that a cell installs.

A pipeline that installs what it needs while it runs gets another version tomorrow. The lines are read as
requirements of the project, which are installed once, at the versions of the notebook's environment.

Instead of     !pip install lightgbm
write          nothing: the project's pyproject.toml requires lightgbm
"""

from collections.abc import Iterator

from nb2prod.analysis.analyse import Analysis
from nb2prod.analysis.magics import Fate
from nb2prod.checks.check import Remark, Rule
from nb2prod.model.finding import Severity


def look(analysis: Analysis) -> Iterator[Remark]:
    for cell in analysis.production:
        for magic in cell.lowered.magics:
            if magic.fate is Fate.REQUIREMENT:
                message = f"`{magic.text}` is left out: {magic.note}"
                yield Remark(cell=cell.number, line=magic.line, message=message)


PLUGIN = Rule(code="NB408", name="requirement", severity=Severity.INFO, page=__doc__, look=look)
