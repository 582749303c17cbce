"""The names that a text can look up, without those that an inner scope keeps to itself."""

import ast

import pytest

from nb2prod.analysis.texts import mentioned


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("a = b", "a b"),
        ("[i + k for i in xs]", "k xs"),
        ("[i for i in i]", "i"),
        ("[(w := i) for i in xs]", "w xs"),
        ("[j for x in xs for j in x]", "xs"),
        ("lambda p, q=d: p + q + g", "d g"),
        ("def f(p: T, q=d) -> R:\n    x = p + g\n    return x + y", "T d R g y"),
        ("def f():\n    global n\n    n = 1", "n"),
        ("def f():\n    n = 0\n    def inner():\n        nonlocal n\n        n += k\n    return inner", "k"),
        ("def f(n):\n    def inner():\n        global n\n        return n\n    return inner", "n"),
        ("@deco\ndef f(*a, **k):\n    return a, k", "deco"),
        ("class A(B, metaclass=M):\n    v: int = w\n    def go(self):\n        return v + self.v", "B M int w v"),
        ("class A:\n    v = v", "v"),
        ("df.query('x > @limit')", "df limit"),
        ("ols('y ~ center(x)', df)", "ols df y center x"),
        ("try:\n    f()\nexcept E as e:\n    print(e)", "f E print e"),
    ],
)
def test_names_that_a_text_mentions(text: str, names: str) -> None:
    assert mentioned(ast.parse(text).body) == set(names.split())
