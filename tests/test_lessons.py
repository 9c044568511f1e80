"""Claims and exercises: a claim that does not hold must stop the chapter; a check must answer every kind of answer."""

import copy
import re

import numpy as np
import pytest
import torch
from mutants import assert_killed, mutated

from gan_core.course.lessons import Exercise, check, checked, claims, exercises
from gan_core.course.lessons.claims import claim

HOLDS = {
    "true": ((True,), {}),
    "all true": ((np.array([True, True]),), {}),
    "below": ((0.5,), {"below": 1}),
    "above": (([2.0, 3.0],), {"above": 1.5}),
    "between": ((np.linspace(0.1, 0.9, 5),), {"above": 0, "below": 1}),
    "equals": ((np.pi,), {"equals": 3.14, "within": 0.01}),
    "equals at the bound": ((1.5,), {"equals": 1.0, "within": 0.5}),
    "equals, entry by entry": (([1.0, 2.0],), {"equals": [1.0, 2.0], "within": 0}),
    "equals, one for all": (([1.0, 1.1],), {"equals": 1.0, "within": 0.2}),
    "torch": ((torch.tensor([1.0], requires_grad=True),), {"above": 0}),
    "torch, true": ((torch.tensor(True),), {}),
    "infinity is above": ((np.inf,), {"above": 1e9}),
}
FAILS = {
    "false": ((False,), {}),
    "one is false": ((np.array([True, False]),), {}),
    "not below": ((1.5,), {"below": 1}),
    "just not below": ((1.0,), {"below": 1.0}),
    "just not above": ((1.0,), {"above": 1.0}),
    "one is not above": (([2.0, 1.0],), {"above": 1.5}),
    "under both": ((-0.1,), {"above": 0, "below": 1}),
    "over both": ((1.1,), {"above": 0, "below": 1}),
    "not equal": ((3.2,), {"equals": 3.14, "within": 0.01}),
    "not equal from below": ((3.08,), {"equals": 3.14, "within": 0.01}),
    "one is not equal": (([1.0, 2.5],), {"equals": [1.0, 2.0], "within": 0.1}),
    "NaN is not below": ((np.nan,), {"below": 1}),
    "NaN is not above": (([1.0, np.nan],), {"above": 0}),
    "NaN equals nothing": ((np.nan,), {"equals": 1.0, "within": 9.0}),
    "torch": ((torch.tensor([1.0, -1.0]),), {"above": 0}),
}


def oracle_claim(claim):
    for measured, bound in HOLDS.values():
        claim("00/test", "It holds.", *measured, **bound)
    for measured, bound in FAILS.values():
        with pytest.raises(AssertionError, match="It does not"):
            claim("00/test", "It does not.", *measured, **bound)


def test_claim():
    oracle_claim(claim)


CLAIM_MUTANTS = {
    "never fails": ("if not holds.all():", "if False:"),
    "one entry is enough": ("if not holds.all():", "if not holds.any():"),
    "always fails": ("if not holds.all():", "if True:"),
    "below lets the bound through": ("values < below", "values <= below"),
    "above lets the bound through": ("values > above", "values >= above"),
    "either bound is enough": ("np.logical_and(", "np.logical_or("),
    "below and above are exchanged": ("values > above", "values < above"),
    "the sign of the difference is lost": ("np.abs(values - target)", "(values - target)"),
    "NaN passes": ("values > above", "~(values <= above)"),
    "no room at the bound": ("np.abs(values - target) <= within", "np.abs(values - target) < within"),
    "the mean is compared": ("values = _array(measured)", "values = _array(measured).mean(keepdims=True)"),
    "gradients are not let go": ("_array(measured)", "np.asarray(measured)"),
    "infinity is above nothing": ("values > above", "np.isfinite(values) & (values > above)"),
}


@pytest.mark.parametrize("name", CLAIM_MUTANTS)
def test_claim_mutants(name):
    assert_killed(oracle_claim, mutated(claims, CLAIM_MUTANTS[name])["claim"])


def test_a_claim_prints_one_line_and_a_failing_one_the_numbers(capsys):
    claim("00/line", "One is less than two.", 1, below=2)
    assert capsys.readouterr().out == "✓ 00/line: One is less than two.  [< 2]\n"
    claim("13b/line", "A second part.", True)
    assert capsys.readouterr().out == "✓ 13b/line: A second part.  [true]\n"
    with pytest.raises(AssertionError) as failed:
        claim("00/line", "All are less than two.", [1.0, 2.5, 7.0], below=2)
    for part in ("00/line", "All are less than two.", "2.5", "< 2", "2 of 3 entries fail"):
        assert part in str(failed.value)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("bound", "said"),
    [
        ({"above": 0}, "> 0"),
        ({"below": np.log(2)}, "< 0.693147"),
        ({"above": -1, "below": 1e-9}, "between -1 and 1e-09"),
        ({"equals": 0.0, "within": 1e-6}, "within 1e-06"),
    ],
)
def test_a_claim_says_its_bound(capsys, bound, said):
    claim("00/bound", "It holds.", 1e-10, **bound)
    assert capsys.readouterr().out.endswith(f"[{said}]\n")


@pytest.mark.parametrize(
    ("error", "arguments", "bound", "said"),
    [
        (ValueError, ("js-bounded", "x", 1), {"above": 0}, "chapter/name"),
        (ValueError, ("A sentence.", "03/id", 1), {"above": 0}, "chapter/name"),
        (ValueError, ("13bc/id", "x", 1), {"above": 0}, "chapter/name"),
        (ValueError, ("00/a", "x", []), {"above": 0}, "nothing was measured"),
        (ValueError, ("00/a", "x", 1), {"equals": 1}, "within"),
        (ValueError, ("00/a", "x", 1), {"within": 1}, "equals"),
        (ValueError, ("00/a", "x", 1), {"equals": 1, "within": 1, "below": 3}, "no other bound"),
        (ValueError, ("00/a", "x", 1), {"below": np.inf}, "finite"),
        (ValueError, ("00/a", "x", 1), {"equals": 1, "within": np.inf}, "finite"),
        (ValueError, ("00/a", "x", 1), {"above": np.nan}, "finite"),
        (ValueError, ("00/a", "x", [1, 2]), {"below": [3, 4]}, "below"),
        (ValueError, ("00/a", "x", np.ones(3)), {"equals": np.ones((3, 1)), "within": 1}, "shape"),
        (TypeError, ("00/a", "x", 1.0), {}, "true or false"),
        (TypeError, ("00/a", "x", None), {}, "true or false"),
    ],
)
def test_a_claim_that_is_not_well_formed(error, arguments, bound, said):
    with pytest.raises(error, match=re.escape(said)):
        claim(*arguments, **bound)


def test_checked_is_the_table_of_the_claims_in_their_order(monkeypatch):
    monkeypatch.setattr(claims, "_made", {})
    claim("00/b", "KL(p|q) is *not* p_i < 0.", 1, above=0)
    claim("00/a", "It is so.", True)
    with pytest.raises(AssertionError):
        claim("00/c", "It is not so.", False)
    lines = checked().data.splitlines()
    assert len(lines) == 4
    assert lines[2] == r"| 1 | 00/b | KL(p\|q) is \*not\* p\_i \< 0. | > 0 |"
    assert lines[3] == "| 2 | 00/a | It is so. | true |"


# Exercises

SQUARE = Exercise(solution=lambda x: x**2, mistakes={"you doubled x": lambda x: 2 * x}, inputs=((3.0,), (-0.5,)))
VALUE = Exercise(solution=0.693, mistakes={"that is log base 2": 1.0}, tolerance=1e-2)
NAME = Exercise(solution="saturating", mistakes={"that one is log D": "non-saturating"})
PAIR = Exercise(solution=lambda p: (p / p.sum(), p.sum()), inputs=((np.array([1.0, 3.0]),),))
EXERCISES = {"99.1": SQUARE, "99.2": VALUE, "99.3": NAME, "99.4": PAIR}


@pytest.fixture
def said(monkeypatch, capsys):
    """What the check of exercise `id` says to an answer."""
    monkeypatch.setattr(exercises, "find", EXERCISES.__getitem__)

    def said(id, answer):
        check(id, answer)
        return capsys.readouterr().out.strip()

    return said


def _stub(x): ...


def _in_place(p):
    total = p.sum()
    p /= total
    return p, total


RIGHT = {
    "as written": ("99.1", lambda x: x**2),
    "another way": ("99.1", lambda x: x * x),
    "as an array": ("99.1", lambda x: np.asarray(x) ** 2),
    "as a tensor with a gradient": ("99.1", lambda x: torch.tensor(x, requires_grad=True) ** 2),
    "a value, rounded": ("99.2", 0.69),
    "a value, as a tensor": ("99.2", torch.tensor(0.693)),
    "a name": ("99.3", "saturating"),
    "a name, in capitals": ("99.3", " Saturating"),
    "a pair of different shapes": ("99.4", lambda p: (p / p.sum(), p.sum())),
    "a pair, as a list": ("99.4", lambda p: [p / sum(p), sum(p)]),
    "a pair, worked out in place": ("99.4", _in_place),
}
WRONG = {
    "the mistake has a name": ("99.1", lambda x: x + x, "you doubled x"),
    "wrong without a name": ("99.1", lambda x: x**3, "for 3. it gives 27., and 9. is right"),
    "right for one input only": ("99.1", lambda x: 9.0, "for -0.5 it gives 9., and 0.25 is right"),
    "wrong shape": ("99.1", lambda x: [x**2], "for 3. it gives [9.], and 9. is right"),
    "NaN": ("99.1", lambda x: np.nan, "it gives nan"),
    "not a number": ("99.1", lambda x: "nine", "it gives 'nine'"),
    "a wrong value that has a name": ("99.2", 1.0, "that is log base 2"),
    "a wrong value": ("99.2", 3, "3. is not it"),
    "a wrong name": ("99.3", "hinge", "'hinge' is not it"),
    "a wrong name that has a name": ("99.3", "non-saturating", "that one is log D"),
    "half a pair": ("99.4", lambda p: p / p.sum(), "it gives"),
}


@pytest.mark.parametrize("name", RIGHT)
def test_a_right_answer_is_accepted_however_it_is_written(said, name):
    id, answer = RIGHT[name]
    assert said(id, answer) == f"✓ {id} is right"


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_answer_is_told_why(said, name):
    id, answer, why = WRONG[name]
    heard = said(id, answer)
    assert heard.startswith(f"✗ {id} is not right yet: ")
    assert why in heard


EMPTY = {
    "None": None,
    "an ellipsis": ...,
    "a stub": _stub,
    "returns None": lambda x: None,
    "returns an ellipsis": lambda x: ...,
}


@pytest.mark.parametrize("name", EMPTY)
def test_an_empty_answer_is_waited_for(said, name):
    assert said("99.1", EMPTY[name]) == "… 99.1 is waiting for you"


def test_what_goes_wrong_in_an_answer_is_said_and_not_raised(said):
    assert said("99.1", lambda x: x / 0) == "✗ 99.1 raised ZeroDivisionError: float division by zero"
    assert "missing 1 required positional argument" in said("99.1", lambda x, y: x)
    assert "wants a function" in said("99.1", 9.0)


def test_an_answer_cannot_spoil_the_inputs(said):
    said("99.4", _in_place)
    np.testing.assert_array_equal(PAIR.inputs[0][0], [1.0, 3.0])


def oracle_check(said):
    for id, answer in RIGHT.values():
        assert said(id, answer) == f"✓ {id} is right"
    for id, answer, why in WRONG.values():
        assert why in said(id, answer)
    assert "is not right yet" in said("99.1", lambda x: x**2 if x > 0 else None)
    assert "waiting" in said("99.1", lambda x: None)


def test_check(said):
    oracle_check(said)


CHECK_MUTANTS = {
    "everything is right": ("a.shape == b.shape and bool(", "bool(True or "),
    "nothing is right": ("a.shape == b.shape and bool(", "bool(False and "),
    "shapes are not compared": ("a.shape == b.shape and ", ""),
    "one input is enough": ("return all(_close", "return any(_close"),
    "an answer may spoil the inputs": ("copy.deepcopy(inputs)", "inputs"),
    "a gradient is in the way": ("value.detach().cpu() if hasattr", "value if hasattr"),
    "capitals are wrong": ("a.strip().casefold() == b.strip().casefold()", "a == b"),
    "half an answer is waited for": ("all(result is None", "any(result is None"),
    "the mistakes are not looked up": ("exercise.mistakes.items()", "()"),
    "the tolerance is lost": ("rtol=tolerance, atol=tolerance", "rtol=0, atol=0"),
}


@pytest.mark.parametrize("name", CHECK_MUTANTS)
def test_check_mutants(capsys, name):
    mutant = mutated(exercises, CHECK_MUTANTS[name])
    mutant["find"] = copy.deepcopy(EXERCISES).__getitem__  # a mutant may spoil them

    def said(id, answer):
        mutant["check"](id, answer)
        return capsys.readouterr().out.strip()

    assert_killed(oracle_check, said)


def test_find_names_what_there_is(monkeypatch):
    assert exercises.find("00.1") is exercises.import_module("gan_core.course.lessons.chapter_00").EXERCISES["00.1"]
    with pytest.raises(ValueError, match=re.escape("chapter 00 has 00.1")):
        exercises.find("00.9")
    for unknown in ("77.1", "one", 3):
        with pytest.raises(ValueError, match=re.escape("'02.1'")):
            exercises.find(unknown)


def test_a_package_that_a_chapter_lacks_is_not_called_a_chapter(monkeypatch):
    def missing(name):
        raise ModuleNotFoundError("No module named 'torch'", name="torch")

    monkeypatch.setattr(exercises, "import_module", missing)
    with pytest.raises(ModuleNotFoundError, match="torch"):
        exercises.find("02.1")


def test_a_function_needs_inputs():
    with pytest.raises(ValueError, match="inputs"):
        Exercise(solution=lambda x: x)
    assert Exercise(solution=1.0).inputs == ()
