"""A notebook as a pipeline: everything that a target needs, decided.

    Pipeline  = name, title, notebook, Parameter…, functions(Fragment…), Step…, requirements, results
    Parameter = name, annotation, default, comment
    Step      = name, summary, cells, imports, inputs(Variable…), outputs(Variable…), body(Fragment…), policy
    Fragment  = consecutive lines of one cell as they are emitted, with the line they come from

Steps are in the order in which they run. A step's input is the parameter of that name unless an earlier
step gives the name; `pipeline.run` may rebind a name (df = step(clean, df)) since the order is the notebook's.
"""

from dataclasses import dataclass, field

from nb2prod.model.notebook import StepOptions
from nb2prod.source import PythonName


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """A parameter of the pipeline. `default` is a literal (JSON-like, or a tuple, set, bytes); `annotation` is
    what was written, or the builtin type of the default ("Any" when that is None)."""

    name: PythonName
    annotation: str
    default: object
    comment: str = ""
    cell: int = 0
    line: int = 0


@dataclass(frozen=True, kw_only=True)
class Fragment:
    """Line k of `text` (from 0) is line `line + k` of cell `cell` (both from 1); `line` 0 is text we wrote."""

    cell: int
    line: int
    text: str


@dataclass(frozen=True, kw_only=True)
class Variable:
    """A name that crosses a step's edge. `annotation` is "Any" unless the type was written or observed."""

    name: PythonName
    annotation: str = "Any"


@dataclass(frozen=True, kw_only=True)
class DataArgument:
    """An argument of a step in the place of a literal path or URL `text`, which the pipeline gives it.

    `mode` is what this step does with it: read, write, update or connect.
    """

    name: PythonName
    text: str
    mode: str = "read"


@dataclass(frozen=True, kw_only=True)
class Measured:
    """What a step's cells took in a traced run: wall time, and the peak memory of the process in bytes."""

    seconds: float
    peak_memory: int


@dataclass(frozen=True, kw_only=True)
class Step:
    """One step: a module `steps/NAME.py` with one function `NAME(inputs…) -> outputs`.

    imports:   import statements, whole, in notebook order, for the top of the module
    functions: names that the module imports from `functions.py`
    local:     definitions (with captured data) that stand at the head of the function
    body:      the user's lines
    state:     hidden state that the body touches, such as "numpy.random" (see runtime/state.py)
    touched:   each name that the step binds or may mutate, with the last of its cells that does
    maybe:     those of them that a run may leave without a value in the step (bound in a branch or a loop)
    metrics:   names assigned in `metrics` cells; all of them are outputs
    data:      arguments after the inputs that stand for literal paths and URLs
    """

    name: PythonName
    summary: str
    cells: tuple[int, ...]
    imports: tuple[str, ...] = ()
    functions: tuple[PythonName, ...] = ()
    local: tuple[Fragment, ...] = ()
    inputs: tuple[Variable, ...] = ()
    outputs: tuple[Variable, ...] = ()
    body: tuple[Fragment, ...] = ()
    metrics: tuple[PythonName, ...] = ()
    inference: bool = False
    state: tuple[str, ...] = ()
    touched: tuple[tuple[str, int], ...] = ()
    maybe: tuple[str, ...] = ()
    after: tuple[PythonName, ...] = ()
    options: StepOptions = field(default_factory=StepOptions)
    measured: Measured | None = None
    data: tuple[DataArgument, ...] = ()


@dataclass(frozen=True, kw_only=True)
class DataSource:
    """A literal path or URL that the notebook reads or writes: named data of `pipeline.toml`.

    mode:  read, write, update or connect where steps take it as an argument; "" where it stands in the code
    stays: cells in which the same text stands too, and stays
    """

    name: PythonName
    url: str
    cell: int
    line: int
    writes: bool = False
    mode: str = ""
    stays: tuple[int, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Requirement:
    """A distribution the code needs, at the version of the notebook's environment ("" when not installed)."""

    distribution: str
    version: str = ""


@dataclass(frozen=True, kw_only=True)
class Pipeline:
    """`name` is the package's. `results` are the names of the Results tuple, in the order steps give them.

    `process` are the imports and statements that every process makes before any step, for `steps/__init__.py`.
    `functions_imports` and `functions` make `functions.py`; both empty when no step shares a function.
    """

    name: PythonName
    title: str
    notebook: str
    notebook_sha256: str
    parameters: tuple[Parameter, ...] = ()
    process: tuple[str, ...] = ()
    functions_imports: tuple[str, ...] = ()
    functions: tuple[Fragment, ...] = ()
    steps: tuple[Step, ...] = ()
    results: tuple[PythonName, ...] = ()
    data: tuple[DataSource, ...] = ()
    requirements: tuple[Requirement, ...] = ()
