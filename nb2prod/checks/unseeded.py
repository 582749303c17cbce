"""Randomness without a seed.

Two runs give two models, and nobody can tell a change of the code from a change of luck; verification has nothing to
compare. A generator with a seed that is handed to what draws is best; a seed for the whole process will do.

Instead of     train, test = train_test_split(df)
               noise = np.random.normal(size=10)
write          random_state = 7        # in the cell tagged `parameters`
               train, test = train_test_split(df, random_state=random_state)
               rng = np.random.default_rng(random_state)
               noise = rng.normal(size=10)
"""

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from nb2prod.analysis.analyse import Analysis, CellAnalysis
from nb2prod.analysis.fixes import Replacement, end_of, in_place_of, text_fix
from nb2prod.analysis.magics import LoweredCell
from nb2prod.analysis.remembered import remembered
from nb2prod.analysis.trees import walk
from nb2prod.checks.cells import calls_of, full_name, imported_names, keyword
from nb2prod.checks.check import Remark, Rule
from nb2prod.model.finding import Fix, Severity

_SEEDS = {
    "numpy.random.seed": ("numpy.random",),
    "numpy.random.set_state": ("numpy.random",),
    "random.seed": ("random",),
    "random.setstate": ("random",),
    "torch.manual_seed": ("torch",),
    "torch.random.manual_seed": ("torch",),
    "tensorflow.random.set_seed": ("tensorflow",),
    "keras.utils.set_random_seed": ("numpy.random", "random", "tensorflow", "torch"),
    "tensorflow.keras.utils.set_random_seed": ("numpy.random", "random", "tensorflow"),
    "pytorch_lightning.seed_everything": ("numpy.random", "random", "torch"),
    "lightning.seed_everything": ("numpy.random", "random", "torch"),
}
_DRAWS = {
    "numpy.random": re.compile(r"numpy\.random\.(?!seed$|set_state$|get_state$|default_rng$|mtrand$|test$)[a-z_]+"),
    "random": re.compile(
        r"random\.(?:random|randint|randrange|choice|choices|sample|shuffle|uniform|gauss|normalvariate|triangular|"
        r"betavariate|expovariate|gammavariate|lognormvariate|paretovariate|weibullvariate|getrandbits|randbytes)"
    ),
    "torch": re.compile(r"torch\.(?:rand|randn|randint|randperm|normal|bernoulli|multinomial|rand_like|randn_like)"),
    "tensorflow": re.compile(r"tensorflow\.random\.(?:normal|uniform|shuffle|truncated_normal|categorical|gamma)"),
}
_GENERATORS = frozenset({"numpy.random.default_rng", "numpy.random.RandomState", "random.Random"})
_STOCHASTIC = re.compile(
    r"(?:sklearn|imblearn)\.(?:\w+\.)*(?:train_test_split|(?:Stratified|Group)*ShuffleSplit|"
    r"(?:Random|Extra|Balanced\w*)\w*(?:Forest|Trees?)\w+|GradientBoosting\w+|AdaBoost\w+|Bagging\w+|DecisionTree\w+|"
    r"(?:MiniBatch|Bisecting)?KMeans|MLP\w+|SGD\w+|TSNE|GaussianMixture|BayesianGaussianMixture|"
    r"IsolationForest|RandomizedSearchCV|permutation_importance|shuffle|resample|LatentDirichletAllocation|"
    r"MiniBatch\w+|SpectralClustering|Random(?:Over|Under)Sampler|SMOTE\w*|ADASYN|SVMSMOTE|EasyEnsemble\w+|RUSBoost\w+|"
    r"make_(?:classification|regression|blobs|moons|circles|friedman\d|swiss_roll|s_curve|low_rank_matrix))"
)
_NOISELESS = frozenset({"make_moons", "make_circles", "make_swiss_roll", "make_s_curve"})
_SPLITTERS = re.compile(r"sklearn\.model_selection\.(?:\w+\.)*(?:Stratified|StratifiedGroup|Group)?KFold")
_HINT = "give it a seed that is a parameter: random_state=random_state, or np.random.default_rng(random_state)"


@dataclass(frozen=True, kw_only=True)
class _Draw:
    """A call that draws from `source` and is given no seed; `is_later`: when its function is called, perhaps after a
    later seed."""

    call: ast.Call
    name: str
    source: str
    is_later: bool
    takes_state: bool


def look(analysis: Analysis) -> Iterator[Remark]:
    imported = imported_names(analysis)
    seeded: set[str] = set()
    everywhere = {kind for cell in analysis.production for kind in _seeds(cell.lowered, imported)}
    for cell in analysis.production:
        seeded |= _seeds(cell.lowered, imported)
        seen: set[str] = set()
        for draw in _draws(cell.lowered, imported):
            if draw.source in (everywhere if draw.is_later else seeded) or draw.name in seen:
                continue
            seen.add(draw.name)
            message = f"`{draw.name.rpartition('.')[2]}` draws at random and nothing seeds it"
            same = [each for each in _draws(cell.lowered, imported) if each.name == draw.name]
            fix = _seeded(cell.lowered, same, _seed_of(analysis, cell))
            yield Remark(cell=cell.number, line=draw.call.lineno, message=message, hint=_HINT, fix=fix)


def _seed_of(analysis: Analysis, cell: CellAnalysis) -> str:
    """The notebook's own parameter for it, or 0."""
    known = {str(p.name) for p in analysis.parameters if p.cell < cell.number and isinstance(p.default, int)}
    return next((name for name in ("random_state", "seed") if name in known), "0")


def _seeded(cell: LoweredCell, draws: Sequence[_Draw], seed: str) -> Fix | None:
    """Of all calls of that name, where it takes a seed: once one has it, the next would be told of."""
    if not all(draw.name in _GENERATORS or draw.takes_state for draw in draws):
        return None
    said = f"random_state={seed}" if draws[0].takes_state else seed
    title = f"Give it {said}: the numbers change once, and are the same in each run then"
    return text_fix(cell, title, [_with_seed(draw, seed) for draw in draws])


def _with_seed(draw: _Draw, seed: str) -> Replacement:
    call = draw.call
    state = keyword(call, "random_state")
    if state is not None:
        return in_place_of(state, seed)
    line, column = end_of(call)
    end = (line, column - 1)  # before the closing bracket
    given = [*call.args, *(each.value for each in call.keywords)]
    said = f"random_state={seed}" if draw.takes_state else seed
    if not given:
        return Replacement(start=end, end=end, text=said)
    last = max(given, key=end_of)
    return Replacement(start=end_of(last), end=end_of(last), text=f", {said}")


@remembered
def _seeds(cell: LoweredCell, imported: Mapping[str, str]) -> set[str]:
    calls = [call for call in calls_of(cell.tree) if call.args or call.keywords]
    return {kind for call in calls for kind in _SEEDS.get(full_name(call.func, imported), ())}


@remembered
def _draws(cell: LoweredCell, imported: Mapping[str, str]) -> list[_Draw]:
    named = [(call, full_name(call.func, imported) or _sampled(call, imported)) for call in calls_of(cell.tree)]
    found = [(call, name, source) for call, name in named if (source := _source(call, name))]
    inside = _given_to_seeded(cell.tree) if found else set()
    later = _calls_in_functions(cell.tree) if found else set()
    return [
        _Draw(call=call, name=name, source=source, is_later=id(call) in later, takes_state=_takes_state(name))
        for call, name, source in found
        if id(call) not in inside
    ]


def _takes_state(name: str) -> bool:
    """It has an argument `random_state`."""
    return name == "DataFrame.sample" or bool(_STOCHASTIC.fullmatch(name) or _SPLITTERS.fullmatch(name))


def _calls_in_functions(tree: ast.Module) -> set[int]:
    functions = [node for node in walk(tree) if isinstance(node, ast.FunctionDef | ast.Lambda)]
    return {id(node) for function in functions for node in walk(function) if isinstance(node, ast.Call)}


def _given_to_seeded(tree: ast.Module) -> set[int]:
    """Estimators given to one with a seed (AdaBoost(DecisionTree(), random_state=1)) are seeded by it."""
    outer = [call for call in calls_of(tree) if _has_seed(call)]
    return {id(node) for call in outer for node in walk(call) if node is not call}


def _sampled(call: ast.Call, imported: Mapping[str, str]) -> str:
    """`df.sample(5)` of pandas draws from numpy's generator."""
    match call.func:
        case ast.Attribute(attr="sample", value=receiver) if not full_name(receiver, imported).startswith("random"):
            usual = not call.args and {given.arg for given in call.keywords} <= {
                "n",
                "frac",
                "replace",
                "weights",
                "axis",
            }
            number = len(call.args) == 1 and isinstance(call.args[0], ast.Constant)
            return "DataFrame.sample" if (usual or number) and not keyword(call, "random_state") else ""
    return ""


def _source(call: ast.Call, name: str) -> str:
    """The generator that a call draws from when nobody gives it one; "" when it draws nothing, or is given one."""
    if any(given.arg is None for given in call.keywords):
        return ""  # **options may have the seed
    if name in _GENERATORS:
        return "" if call.args or call.keywords else "the system"
    if name == "DataFrame.sample":
        return "numpy.random"
    if _STOCHASTIC.fullmatch(name) or (_SPLITTERS.fullmatch(name) and _is_true(keyword(call, "shuffle"))):
        return "" if _is_settled(call, name.rpartition(".")[2]) else "numpy.random"
    return next((source for source, pattern in _DRAWS.items() if pattern.fullmatch(name)), "")


def _is_settled(call: ast.Call, name: str) -> bool:
    if _has_seed(call):
        return True
    shuffle = keyword(call, "shuffle")
    if name == "train_test_split" and isinstance(shuffle, ast.Constant) and shuffle.value is False:
        return True
    return name in _NOISELESS and keyword(call, "noise") is None and shuffle is not None


def _has_seed(call: ast.Call) -> bool:
    state = keyword(call, "random_state")
    return state is not None and not (isinstance(state, ast.Constant) and state.value is None)


def _is_true(node: ast.expr | None) -> bool:
    return isinstance(node, ast.Constant) and node.value is True


PLUGIN = Rule(code="NB405", name="unseeded", severity=Severity.WARNING, page=__doc__, look=look)
