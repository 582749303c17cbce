from collections.abc import Callable


def test_resolvable_star(said: Callable[..., list[str]]) -> None:
    assert said("NB406", "from math import *\nimport os", "from os import path") == [
        "1:1 `from math import *` hides where names come from"
    ]


def test_an_unresolvable_star_is_refused_elsewhere(said: Callable[..., list[str]]) -> None:
    assert said("NB406", "from no_such_module_anywhere import *") == []
