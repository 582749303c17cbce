from collections.abc import Callable

import pytest


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("try:\n    f()\nexcept:\n    pass", ["1:3 every error is swallowed here"]),
        ("try:\n    f()\nexcept Exception:\n    pass", ["1:3 every Exception is swallowed here"]),
        ("try:\n    f()\nexcept Exception as e:\n    print(e)", ["1:3 every Exception is swallowed here"]),
        (
            "for x in y:\n    try:\n        f()\n    except BaseException:\n        continue",
            ["1:4 every BaseException is swallowed here"],
        ),
        (
            "try:\n    f()\nexcept (ValueError, Exception):\n    ...",
            ["1:3 every (ValueError, Exception) is swallowed here"],
        ),
        ("with contextlib.suppress(Exception):\n    f()", ["1:1 every error is suppressed here"]),
        ("with contextlib.suppress(KeyError):\n    f()", []),
        ("try:\n    f()\nexcept ValueError:\n    pass", []),
        ("try:\n    f()\nexcept Exception as e:\n    print(e)\n    raise", []),
        ("try:\n    f()\nexcept Exception:\n    x = None", []),
    ],
)
def test_handlers(said: Callable[..., list[str]], source: str, expected: list[str]) -> None:
    assert said("NB404", source) == expected
