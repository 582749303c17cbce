"""Cells that ran out of order.

The counts beside the cells, [1] [2] …, say that the outputs in the notebook came from running cells in another
order than they stand in, or that a cell was left out. A pipeline runs top to bottom: its results may be others
than the ones you see, and a name may not exist yet where it is used.

Instead of     [3] train   [5] load   [4] evaluate
write          cells in the order in which they should run; then "Restart kernel and run all cells", and save
"""

from collections.abc import Iterator

from nb2prod.analysis.analyse import Analysis
from nb2prod.checks.check import Remark, Rule
from nb2prod.model.finding import Severity

_HINT = "restart the kernel, run all cells, look at the results and save"


def look(analysis: Analysis) -> Iterator[Remark]:
    idle = {cell.number for cell in analysis.cells if not cell.lowered.tree.body and not cell.lowered.magics}
    counted = [cell for cell in analysis.notebook.code_cells if cell.number not in idle]
    last = max((cell.number for cell in counted if cell.execution_count), default=0)
    before = None
    for cell in counted:
        if cell.execution_count is None:
            if cell.number < last:
                yield Remark(cell=cell.number, message="the cell was not run, though later cells were", hint=_HINT)
            continue
        if before is not None and before.execution_count and cell.execution_count < before.execution_count:
            message = f"[{cell.execution_count}] ran before cell {before.number}, which is [{before.execution_count}]"
            yield Remark(cell=cell.number, message=message, hint=_HINT)
        before = cell


PLUGIN = Rule(code="NB401", name="out-of-order", severity=Severity.WARNING, page=__doc__, look=look)
