"""What the statements of a cell are about, in one verb and its object: `df = pd.read_csv(p)` loads `df`."""

import ast
import builtins
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from nb2prod.analysis.scopes import target_names
from nb2prod.analysis.trees import walk

__all__ = ["VERBS", "Doing", "Verb", "doings_of"]


@dataclass(frozen=True, kw_only=True)
class Verb:
    """`called` are the last words of what is called; `weight` says how much a call tells of its cell."""

    name: str
    told: str
    called: re.Pattern[str]
    weight: int


@dataclass(frozen=True)
class Doing:
    verb: Verb
    what: str


def _verb(name: str, told: str, weight: int, called: str) -> Verb:
    return Verb(name=name, told=told, called=re.compile(rf"^(?:{called})$"), weight=weight)


# of two that weigh the same the first one counts
VERBS = (
    _verb("train", "it fits a model", 5, r"fit|partial_fit|fit_resample|fit_regularized|train|GridSearchCV"),
    _verb(
        "load", "it loads data", 5, r"(read|fetch|load)_\w+|load|loadtxt|genfromtxt|make_(?!pipeline|scorer|column)\w+"
    ),
    _verb("split", "it splits the data", 6, r"train_test_split|random_split"),
    _verb(
        "evaluate",
        "it measures a model",
        4,
        r"\w+_(score|error|loss|report|matrix|deviance)|score|cross_val(idate|_\w+)|cross_validate|roc_curve|auc"
        r"|permutation_importance|plot_diagnostics",
    ),
    _verb(
        "save",
        "it saves results",
        4,
        r"to_(csv|parquet|pickle|excel|json|sql|feather|hdf)|dump|savefig|savetxt|save|savez",
    ),
    _verb("predict", "it predicts", 3, r"predict|predict_proba|forecast|get_forecast|get_prediction|decision_function"),
    _verb(
        "clean",
        "it cleans data",
        2,
        r"dropna|fillna|drop_duplicates|drop|replace|rename|astype|interpolate|to_datetime",
    ),
    _verb(
        "prepare",
        "it prepares data",
        2,
        r"assign|merge|join|concat|groupby|pivot|pivot_table|get_dummies|fit_transform|transform|resample|melt|cut|qcut"
        r"|set_index|reset_index|add_constant|make_column_transformer|make_pipeline|map|apply",
    ),
    _verb(
        "plot",
        "it plots",
        1,
        r"plot|plot_\w+|scatter|hist|bar|barh|boxplot|subplots|imshow|show|heatmap|pairplot|lmplot|histplot|lineplot"
        r"|scatterplot|barplot|regplot|contourf?|pcolormesh|from_estimator|from_predictions",
    ),
)
_PREPARE = _verb("prepare", "it prepares data", 1, "")
_DULL = frozenset(
    {"data", "df", "x", "y", "out", "res", "result", "results", "fig", "ax", "axes", "np", "pd", "plt", "sns"}
)


def doings_of(nodes: list[ast.stmt]) -> Iterator[Doing]:
    """In order; of a call that is known its verb, with the name that the statement binds, or that it is about."""
    for node in nodes:
        yield from _columns(node)
        for call in (inner for inner in walk(node) if isinstance(inner, ast.Call)):
            word = _last_word(call.func)
            for verb in VERBS:
                if verb.called.match(word):
                    yield Doing(verb, _OBJECTS.get(verb.name, _bound)(node, call))
                    break


def _columns(node: ast.stmt) -> Iterator[Doing]:
    """`df["ratio"] = ...` prepares `df`."""
    for inner in walk(node):
        match inner:
            case ast.Assign(targets=[ast.Subscript(value=ast.Name(id=name))]):
                yield Doing(_PREPARE, name)
            case ast.AugAssign(target=ast.Subscript(value=ast.Name(id=name))):
                yield Doing(_PREPARE, name)


def _last_word(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _bound(node: ast.stmt, call: ast.Call) -> str:
    """The first name that the statement gives a value, else the one that the call is made on."""
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
    names = [name for target in targets if isinstance(target, ast.expr) for name in target_names(target)]
    return names[0] if names else _receiver(node, call)


def _receiver(node: ast.stmt, call: ast.Call) -> str:  # noqa: ARG001 (each reader of an object takes both)
    inner: ast.expr = call.func
    while isinstance(inner, ast.Attribute | ast.Subscript | ast.Call):
        inner = inner.func if isinstance(inner, ast.Call) else inner.value
    return inner.id if isinstance(inner, ast.Name) else ""


def _shown(node: ast.stmt, call: ast.Call) -> str:
    """What a plot or a file is of: the first name among the arguments that says something, else the receiver."""
    names = [inner.id for argument in call.args for inner in walk(argument) if isinstance(inner, ast.Name)]
    telling = [name for name in [*names, _receiver(node, call)] if _tells(name)]
    return telling[0] if telling else ""


def _tells(name: str) -> bool:
    return len(name) > 1 and name.lower() not in _DULL and not hasattr(builtins, name)


def _model(node: ast.stmt, call: ast.Call) -> str:
    """The class of `Ridge().fit(...)`, else the name of the object that is fitted."""
    base = call.func.value if isinstance(call.func, ast.Attribute) else None
    made = _last_word(base.func) if isinstance(base, ast.Call) else ""
    return _snake(made) if made[:1].isupper() else _receiver(node, call)


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


def _data(node: ast.stmt, call: ast.Call) -> str:  # noqa: ARG001
    return "data"


def _measured(node: ast.stmt, call: ast.Call) -> str:
    """The model that is asked for its score; the functions of metrics do not say whose predictions they get."""
    return _receiver(node, call) if _last_word(call.func) == "score" else "model"


_OBJECTS: dict[str, Callable[[ast.stmt, ast.Call], str]] = {
    "train": _model,
    "split": _data,
    "evaluate": _measured,
    "plot": _shown,
    "save": _shown,
}
