"""Domains as suggestions of a trial of Optuna."""

from collections.abc import Mapping
from typing import Any

from skhyper.spaces._choices import Choice, Domain, Switch
from skhyper.spaces._found import placed
from skhyper.spaces._ranges import Int

__all__ = [
    "PLAIN",
    "label_under",
    "suggest",
    "suggest_value",
    "suggested_as",
    "word_of",
]

# What Optuna keeps as it is among the choices of a parameter.
PLAIN = (bool, int, float, str, type(None))


def suggest(trial: Any, domains: Mapping[str, Domain | Switch]) -> dict[str, Any]:
    """Let a trial suggest a candidate, asking for what means something beside the rest.

    Parameters
    ----------
    trial : optuna.trial.BaseTrial
        The trial.
    domains : mapping of str to (Float, Int, Choice or Switch)
        The space.

    Returns
    -------
    candidate : dict of str to object
        The values, without those of parameters that hang on another value.
    """
    values: dict[str, Any] = {}
    absent: set[str] = set()

    def settle(name: str) -> None:
        if name in values or name in absent:
            return
        domain, label = domains[name], name
        if isinstance(domain, Switch):
            settle(domain.on)
            case = None
            if domain.on in values:
                value = values[domain.on]
                case = domain.case(value)
                label = label_under(name, domain.on, value)
            if case is None:
                absent.add(name)
                return
            domain = case
        values[name] = suggest_value(trial, label, domain)

    for name in domains:
        settle(name)
    return {name: values[name] for name in domains if name in values}


def label_under(name: str, on: str, value: Any) -> str:
    """Name a parameter that hangs on a value of another.

    To an engine, another domain is another parameter.

    Parameters
    ----------
    name, on : str
        The parameter, and the one that it hangs on.
    value : object
        The value.

    Returns
    -------
    label : str
        The name.
    """
    return f"{name} [{on}={value}]"


def word_of(number: int, value: Any) -> str:
    """Name a value that an engine does not keep, so that no two have the same name.

    Parameters
    ----------
    number : int
        Its place among the values.
    value : object
        The value.

    Returns
    -------
    word : str
        The name.
    """
    return f"{number}: {value!r}"


def suggest_value(trial: Any, label: str, domain: Domain) -> Any:
    """Let a trial suggest a value of a domain.

    Parameters
    ----------
    trial : optuna.trial.BaseTrial
        The trial.
    label : str
        What Optuna calls the parameter.
    domain : Float or Int or Choice
        The domain.

    Returns
    -------
    value : object
        The value.
    """
    if isinstance(domain, Choice):
        if all(isinstance(value, PLAIN) for value in domain.values):
            return trial.suggest_categorical(label, domain.values)
        words = {word_of(n, value): value for n, value in enumerate(domain.values)}
        return words[trial.suggest_categorical(label, tuple(words))]
    if domain.zero and trial.suggest_categorical(f"{label} is 0", (False, True)):
        return 0.0
    if isinstance(domain, Int):
        steps = {"step": domain.step} if domain.n_steps else {}
        return trial.suggest_int(
            label, domain.low, domain.high, log=domain.log, **steps
        )
    if domain.n_steps:
        # Optuna counts its steps in floats.
        return domain.nth(trial.suggest_int(label, 0, domain.n_steps - 1))
    return trial.suggest_float(label, domain.low, domain.high, log=domain.log)


def suggested_as(
    candidate: Mapping[str, Any], domains: Mapping[str, Domain | Switch]
) -> dict[str, Any]:
    """Give what a trial has to suggest for ``suggest`` to give a candidate.

    Parameters
    ----------
    candidate : mapping of str to object
        A candidate of the space.
    domains : mapping of str to (Float, Int, Choice or Switch)
        The space.

    Returns
    -------
    params : dict of str to object
        What Optuna keeps, by what it calls the parameters.
    """
    params: dict[str, Any] = {}
    for name, value, domain in placed(candidate, domains):
        switch, label = domains[name], name
        if isinstance(switch, Switch):
            label = label_under(name, switch.on, candidate[switch.on])
        if isinstance(domain, Choice):
            is_plain = all(isinstance(own, PLAIN) for own in domain.values)
            params[label] = value if is_plain else word_of(domain.index(value), value)
            continue
        if domain.zero:
            params[f"{label} is 0"] = value == 0
            if value == 0:
                continue
        is_counted = domain.n_steps and not isinstance(domain, Int)
        params[label] = domain.index(value) if is_counted else value
    return params
