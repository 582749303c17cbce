"""--from, --only and --no-cache, decided."""

from dataclasses import dataclass

import pytest

from nb2prod.runtime.errors import ProjectError
from nb2prod.runtime.running.selection import not_known, select


@dataclass(frozen=True)
class Step:
    name: str
    before: tuple[str, ...] = ()


#   load ─ prepare ─ train ─ evaluate
#        └ plot          └── predict
STEPS = [
    Step("load"),
    Step("prepare", ("load",)),
    Step("plot", ("load",)),
    Step("train", ("prepare",)),
    Step("evaluate", ("train", "prepare")),
    Step("predict", ("train",)),
]


def decided(**options: object) -> str:
    """A letter for each step: Run, Use again when known, Known it must be, . is left away."""
    letters = {"run": "R", "reuse": "U", "known": "K", "leave": "."}
    return "".join(letters[each.value] for each in select(STEPS, **options).values())  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, "UUUUUU"),
        ({"use_cache": False}, "RRRRRR"),
        ({"start": "load"}, "RRRRRR"),
        ({"start": "train"}, "UUURRR"),
        ({"start": "plot"}, "UURUUU"),
        ({"start": "prepare"}, "URURRR"),
        ({"only": "load"}, "R....."),
        ({"only": "train"}, "KK.R.."),
        ({"only": "predict"}, "KK.K.R"),
    ],
)
def test_what_runs(options: dict[str, object], expected: str) -> None:
    assert decided(**options) == expected


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"start": "trian"}, "--from trian: the pipeline has no step of that name; did you mean 'train'?"),
        (
            {"only": "x"},
            "--only x: the pipeline has no step of that name; "
            "the steps are load, prepare, plot, train, evaluate, predict",
        ),
        (
            {"start": "load", "only": "plot"},
            "--only plot runs that step alone, and --from load more: give one of them",
        ),
        (
            {"only": "plot", "use_cache": False},
            "--only plot takes what it needs from the cache: leave --no-cache away",
        ),
        (
            {"start": "plot", "use_cache": False},
            "--no-cache runs every step, and --from plot only some: give one of them",
        ),
    ],
)
def test_what_cannot_be_is_refused(options: dict[str, object], said: str) -> None:
    with pytest.raises(ProjectError) as caught:
        decided(**options)
    assert str(caught.value) == said


def test_what_must_be_known_and_is_not() -> None:
    assert str(not_known("train", ["load"])) == (
        "step 'train' cannot be run alone: it needs what 'load' gave, and with this code and these parameters that is "
        "not known; run it once without --only, which keeps what it needs"
    )
    assert "it needs what 'load', 'plot' and 'prepare' gave, and" in str(not_known("x", ["load", "plot", "prepare"]))
