"""Text as values: what a parameter's type takes, and what it refuses."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nb2prod.runtime.annotations import Misfit
from nb2prod.runtime.errors import ParameterError
from nb2prod.runtime.parameters import Spec, coerce, parse_value


@pytest.mark.parametrize(
    ("text", "annotation", "default", "value"),
    [
        ("3", "int", 0, 3),
        ("-3", "int", 0, -3),
        ("3", "float", 0.0, 3.0),
        ("1e-3", "float", 0.0, 0.001),
        ("yes", "bool", False, True),
        ("0", "bool", False, False),
        ("007", "str", "", "007"),
        ("None", "str", "", "None"),
        ("none", "Optional[int]", None, None),
        ("4", "int | None", None, 4),
        ("true", "int | bool", None, True),
        ("b", "Literal['a', 'b']", "a", "b"),
        ("2", "typing.Literal[1, 2]", 1, 2),
        ("[1, 2]", "list[float]", [], [1.0, 2.0]),
        ("[1, 2]", "tuple[int, ...]", (), (1, 2)),
        ('{"a": true, "b": null}', "dict", {}, {"a": True, "b": None}),
        ("{'a', 'b'}", "set[str]", set(), {"a", "b"}),
        ("[1]", "Any", None, [1]),
        ("os.getcwd()", "Any", None, "os.getcwd()"),
        ("__import__('os')", "str", "", "__import__('os')"),
        ("5", "np.int64", 1, 5),
    ],
)
def test_text_becomes_a_value(text: str, annotation: str, default: object, value: object) -> None:
    found = parse_value(text, annotation, default)
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    ("text", "annotation"),
    [
        ("1.5", "int"),
        ("", "int"),
        ("two", "float"),
        ("maybe", "bool"),
        ("c", "Literal['a', 'b']"),
        ("[1, 'x']", "list[int]"),
        ("[1, 2]", "dict"),
        ("[1, 2]", "tuple[int]"),
        ("[open('x')]", "list"),
        ("[[1]]", "set"),
        ("1", "None"),
    ],
)
def test_what_does_not_fit_is_refused(text: str, annotation: str) -> None:
    with pytest.raises(Misfit):
        parse_value(text, annotation)


def test_every_trouble_is_named() -> None:
    specs = [Spec(name="rate", annotation="float"), Spec(name="names", annotation="list[str]")]
    with pytest.raises(ParameterError) as caught:
        coerce({"rat": 1, "names": [1], "rate": "fast"}, specs)
    assert str(caught.value).splitlines() == [
        "there is no parameter 'rat'; did you mean 'rate'? (the parameters are rate, names)",
        "parameter 'names' was given '[1]', which is not a list[str]",
        "parameter 'rate' was given 'fast', which is not a float",
    ]


def test_values_are_held_to_the_types_too() -> None:
    specs = [Spec(name="n", annotation="int"), Spec(name="x", annotation="float"), Spec(name="t", annotation="tuple")]
    assert coerce({"n": 1, "x": 2, "t": [1]}, specs) == {"n": 1, "x": 2.0, "t": (1,)}
    with pytest.raises(ParameterError, match="which is not an int"):
        coerce({"n": True}, specs)


_LITERALS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.tuples(inner, inner),
)


@given(_LITERALS)
def test_the_repr_of_a_literal_is_read_back(value: object) -> None:
    if not isinstance(value, str):
        assert parse_value(repr(value), "Any") == value
        assert value is None or parse_value(repr(value), type(value).__name__) == value


_ANNOTATIONS = [
    "int",
    "float",
    "bool",
    "list[int]",
    "dict",
    "int | None",
    "Literal[1, 'a']",
    "Any",
    "str",
    "no[sense",
    "",
]


@given(st.text(), st.sampled_from(_ANNOTATIONS))
def test_any_text_is_read_or_refused(text: str, annotation: str) -> None:
    try:
        value = parse_value(text, annotation)
    except Misfit:
        return
    assert annotation != "str" or value == text
