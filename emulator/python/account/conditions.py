"""The `Condition` element, patterns and policy variables.

Source: IAM User Guide, "Condition operators", "Set operators for multivalued context keys" and "Policy variables".
"""

import ipaddress
import re
from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from functools import lru_cache

VARIABLE = re.compile(r"\$\{([^}]*)\}")
# `${*}` is a literal asterisk, and so on.
LITERALS = ("*", "?", "$")
ARN_PARTS = 6


def as_list(value: object) -> list:
    """JSON has one item or a list of them."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def as_text(value: object) -> str:
    """A value of a condition: JSON's booleans and numbers are texts in IAM."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _value_of(variable: str, keys: Mapping) -> str | None:
    """The value of a variable such as `aws:username` or `aws:PrincipalTag/team, 'none'`."""
    name, _, default = variable.partition(",")
    found = keys.get(name.strip().lower())
    if isinstance(found, str):
        return found
    return default.strip().strip("'") if default else None


def expanded(value: str, keys: Mapping) -> str | None:
    """The text with its variables replaced; none if one has no value."""
    if "${" not in value:
        return value
    missing = False

    def replace(match: re.Match) -> str:
        nonlocal missing
        if match.group(1) in LITERALS:
            return match.group(1)
        found = _value_of(match.group(1), keys)
        missing = missing or found is None
        return found or ""

    text = VARIABLE.sub(replace, value)
    return None if missing else text


def like(pattern: str, text: str, keys: Mapping, ignore_case: bool = False, arn: bool = False) -> bool:
    """Whether the text matches a pattern with `*`, `?` and variables."""
    if "${" not in pattern:
        return _compiled(pattern, ignore_case, arn).match(text) is not None
    regex = _regex_with_variables(pattern, keys)
    return regex is not None and re.match(regex, text, re.DOTALL) is not None


@lru_cache(maxsize=8192)
def _compiled(pattern: str, ignore_case: bool, arn: bool) -> re.Pattern:
    regex = _regex_of_arn(pattern) if arn else f"{_regex(pattern)}$"
    return re.compile(regex, re.DOTALL | (re.IGNORECASE if ignore_case else 0))


def _regex(pattern: str, anything: str = ".*", one: str = ".") -> str:
    return "".join(anything if c == "*" else one if c == "?" else re.escape(c) for c in pattern)


def _regex_of_arn(pattern: str) -> str:
    """The parts of an ARN are compared one by one: only in the last part of the pattern does `*` match a colon."""
    parts = pattern.split(":", ARN_PARTS - 1)
    return ":".join([*(_regex(part, "[^:]*", "[^:]") for part in parts[:-1]), _regex(parts[-1])]) + "$"


def _regex_with_variables(pattern: str, keys: Mapping) -> str | None:
    regex, at = "", 0
    for match in VARIABLE.finditer(pattern):
        variable = match.group(1)
        value = variable if variable in LITERALS else _value_of(variable, keys)
        if value is None:
            return None
        regex += _regex(pattern[at:match.start()]) + re.escape(value)
        at = match.end()
    return regex + _regex(pattern[at:]) + "$"


def _number(compare: Callable) -> Callable:
    def test(actual: str, expected: str, _keys: Mapping) -> bool:
        try:
            return compare(float(actual), float(expected))
        except ValueError:
            return False

    return test


def _date(compare: Callable) -> Callable:
    def test(actual: str, expected: str, _keys: Mapping) -> bool:
        try:
            return compare(_moment(actual), _moment(expected))
        except ValueError:
            return False

    return test


def _moment(text: str) -> datetime:
    """A date in ISO 8601, or seconds since 1970."""
    if text.isdigit() and len(text) > len("2026"):
        return datetime.fromtimestamp(int(text), timezone.utc)
    moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)


def _in_network(actual: str, expected: str, _keys: Mapping) -> bool:
    try:
        return ipaddress.ip_address(actual) in ipaddress.ip_network(expected, strict=False)
    except ValueError:
        return False


def _equal(actual: str, expected: str, keys: Mapping) -> bool:
    return actual == expanded(expected, keys)


def _equal_ignoring_case(actual: str, expected: str, keys: Mapping) -> bool:
    text = expanded(expected, keys)
    return text is not None and actual.lower() == text.lower()


def _like(actual: str, expected: str, keys: Mapping) -> bool:
    return like(expected, actual, keys)


def _like_arn(actual: str, expected: str, keys: Mapping) -> bool:
    return like(expected, actual, keys, arn=True)


# A test of one value against one value.  Each `…Not…` is true if none of the values passes its test.
TESTS = {
    "stringequals": _equal,
    "stringequalsignorecase": _equal_ignoring_case,
    "stringlike": _like,
    # The two are the same: both compare the parts of an ARN, and both may have wildcards.
    "arnequals": _like_arn,
    "arnlike": _like_arn,
    "bool": _equal_ignoring_case,
    "binaryequals": _equal,
    "ipaddress": _in_network,
    "numericequals": _number(lambda a, b: a == b),
    "numericlessthan": _number(lambda a, b: a < b),
    "numericlessthanequals": _number(lambda a, b: a <= b),
    "numericgreaterthan": _number(lambda a, b: a > b),
    "numericgreaterthanequals": _number(lambda a, b: a >= b),
    "dateequals": _date(lambda a, b: a == b),
    "datelessthan": _date(lambda a, b: a < b),
    "datelessthanequals": _date(lambda a, b: a <= b),
    "dategreaterthan": _date(lambda a, b: a > b),
    "dategreaterthanequals": _date(lambda a, b: a >= b),
}
NEGATED = {
    "stringnotequals": "stringequals",
    "stringnotequalsignorecase": "stringequalsignorecase",
    "stringnotlike": "stringlike",
    "arnnotequals": "arnequals",
    "arnnotlike": "arnlike",
    "notipaddress": "ipaddress",
    "numericnotequals": "numericequals",
    "datenotequals": "dateequals",
}


def are_met(blocks: tuple, keys: Mapping) -> bool:
    """Whether every condition is met: all operators and all keys, with one of the values each."""
    return all(_is_met(operator.lower(), keys.get(key.lower()), values, keys) for operator, key, values in blocks)


def _is_met(operator: str, actual: str | list | None, expected: tuple, keys: Mapping) -> bool:
    quantifier, _, name = operator.rpartition(":")
    present = [] if actual is None else [as_text(one) for one in as_list(actual)]
    if name == "null":
        return (not present) == (expected[0].lower() == "true")
    if_exists = name.endswith("ifexists")
    name = name.removesuffix("ifexists")
    negated = name in NEGATED
    test = TESTS.get(NEGATED.get(name, name))
    if test is None or quantifier not in ("", "forallvalues", "foranyvalue"):
        raise ValueError(f"the condition operator `{operator}` is unknown")
    if not present:
        return if_exists or quantifier == "forallvalues" or (negated and not quantifier)

    def passes(one: str) -> bool:
        return any(test(one, value, keys) for value in expected) != negated

    every = quantifier == "forallvalues" or (negated and not quantifier)
    return (all if every else any)(map(passes, present))
