"""What a space turns into for each engine."""

from collections.abc import Mapping
from math import lcm
from typing import Any

from skhyper.spaces import _branches
from skhyper.spaces._choices import Domain, Switch
from skhyper.spaces._grid import grid_values
from skhyper.spaces._hyperopt import candidate_of, hyperopt_expression
from skhyper.spaces._optuna import suggest
from skhyper.spaces._ray import Drawn, ray_space
from skhyper.spaces._scipy import scipy_distribution
from skhyper.spaces._skopt import skopt_dimension

__all__ = ["Rendered"]


class Rendered:
    """The renderings of a space, one method for each kind of engine.

    How one domain is rendered is in a file for each engine; here the branches of a
    space are put together.
    """

    _domains: dict[str, Domain | Switch]

    def to_grid(
        self, points: int = 3, crossed: bool = True
    ) -> list[dict[str, list[Any]]]:
        """Render the space as a grid.

        Parameters
        ----------
        points : int, default=3
            How many values of a range, at least 1. Two or more contain both ends, and
            zero beside a range comes on top. One gives the default candidate alone.
        crossed : bool, default=True
            Whether all combinations are in the grid. False for a star: the default
            candidate, then one parameter varied at a time.

        Returns
        -------
        grid : list of dict
            What GridSearchCV and ParameterGrid take.

        Raises
        ------
        ValueError
            If `points` is not an integer of at least 1.

        Examples
        --------
        >>> from skhyper.spaces import Float, SearchSpace
        >>> space = SearchSpace(dropout=Float(0, 0.5), lr=[0.1, 0.01])
        >>> space.to_grid(points=2)
        [{'dropout': [0.0, 0.5], 'lr': [0.1, 0.01]}]
        >>> space.to_grid(points=2, crossed=False)
        [{'dropout': [0.25], 'lr': [0.1]}, {'dropout': [0.0, 0.5], 'lr': [0.1]},
         {'dropout': [0.25], 'lr': [0.01]}]
        """
        if not crossed:
            return _branches.star(self._domains, points)
        spaces = [plain for plain, _ in _branches.branches(self._domains)]
        if points == 1:
            spaces = [_branches.settle(self._domains, {})]
        return [
            {name: grid_values(domain, points) for name, domain in plain.items()}
            for plain in spaces
        ]

    def to_distributions(self) -> list[dict[str, Any]]:
        """Render the space as distributions.

        Returns
        -------
        distributions : list of dict
            What RandomizedSearchCV and ParameterSampler take: one dict per branch,
            drawn from with equal probability, so that every value of a parameter that
            others hang on is equally likely. A space of lists alone is drawn from
            without repetition, as scikit-learn does, and then every *combination* is
            equally likely.
        """
        parts = _branches.branches(self._domains)
        rendered = [
            {name: scipy_distribution(domain) for name, domain in plain.items()}
            for plain, _ in parts
        ]
        if all(isinstance(value, list) for part in rendered for value in part.values()):
            return rendered
        # Under a parent that is itself dependent, branches differ in probability; the
        # more likely ones are then listed several times.
        shares = lcm(*(weight.denominator for _, weight in parts))
        return [
            part
            for part, (_, weight) in zip(rendered, parts, strict=True)
            for _ in range(int(weight * shares))
        ]

    def to_skopt(self) -> list[dict[str, Any]]:
        """Render the space as skopt dimensions.

        Returns
        -------
        dimensions : list of dict
            What skopt's BayesSearchCV takes: one dict per branch, each of which it
            searches ``n_iter`` times. For one search of all branches together, render
            ``flatten()``.
        """
        return [
            {name: skopt_dimension(domain, name) for name, domain in plain.items()}
            for plain, _ in _branches.branches(self._domains)
        ]

    def suggest(self, trial: Any) -> dict[str, Any]:
        """Let a trial of Optuna suggest a candidate.

        Parameters
        ----------
        trial : optuna.trial.BaseTrial
            The trial. A parameter that hangs on another is asked for only where it
            means something, under a name that says so; values that Optuna cannot keep
            have names in their stead.

        Returns
        -------
        candidate : dict of str to object
            The values.

        Examples
        --------
        >>> import optuna
        >>> from skhyper.spaces import Float, SearchSpace
        >>> space = SearchSpace(lr=Float(1e-3, 1.0, log=True), widths=[(8,), (8, 8)])
        >>> trial = optuna.trial.FixedTrial({"lr": 0.1, "widths": "1: (8, 8)"})
        >>> space.suggest(trial)
        {'lr': 0.1, 'widths': (8, 8)}
        """
        return suggest(trial, self._domains)

    def to_hyperopt(self, prefix: str = "") -> dict[str, Any]:
        """Render the space as an expression of Hyperopt.

        Parameters
        ----------
        prefix : str, default=""
            What the labels begin with, so that several spaces can be one expression.

        Returns
        -------
        expression : dict of str to object
            What ``hyperopt.fmin`` takes. What it draws is read by ``from_hyperopt``: a
            list of values is drawn as the number of one, together with what hangs on
            it.

        Raises
        ------
        ImportError
            If Hyperopt is not installed.

        Examples
        --------
        >>> import hyperopt
        >>> from skhyper.spaces import SearchSpace
        >>> space = SearchSpace(activation=["tanh"])
        >>> drawn = hyperopt.space_eval(space.to_hyperopt(), {"activation": 0})
        >>> space.from_hyperopt(drawn)
        {'activation': 'tanh'}
        """
        return hyperopt_expression(self._domains, prefix)

    def from_hyperopt(self, drawn: Mapping[str, Any]) -> dict[str, Any]:
        """Read what the expression of ``to_hyperopt`` has given as a candidate.

        Parameters
        ----------
        drawn : mapping of str to object
            What an objective of Hyperopt is called with, or ``space_eval`` gives.

        Returns
        -------
        candidate : dict of str to object
            The values.
        """
        return candidate_of(drawn, self._domains)

    def to_ray(self, prefix: str = "") -> dict[str, Any]:
        """Render the space for Ray Tune.

        Parameters
        ----------
        prefix : str, default=""
            What the names begin with, so that several spaces can be one.

        Returns
        -------
        space : dict of str to ray.tune.search.sample.Domain
            What ``ray.tune.Tuner`` takes as its ``param_space``. A parameter that hangs
            on another has a name for each value of that one, and is drawn whether it
            means something or not. What a trial is given is read by ``from_ray``.

        Raises
        ------
        ImportError
            If Ray Tune is not installed.

        Examples
        --------
        >>> from skhyper.spaces import Float, SearchSpace, Switch
        >>> momentum = Switch("optimizer", {"sgd": Float(0.5, 0.99)})
        >>> space = SearchSpace(optimizer=["sgd", "adam"], momentum=momentum)
        >>> list(space.to_ray())
        ['optimizer', 'momentum [optimizer=sgd]']
        >>> space.from_ray({"optimizer": "adam", "momentum [optimizer=sgd]": 0.9})
        {'optimizer': 'adam'}
        """
        return ray_space(self._domains, prefix)

    def from_ray(self, config: Mapping[str, Any]) -> dict[str, Any]:
        """Read the configuration of a trial of Ray Tune as a candidate.

        Parameters
        ----------
        config : mapping of str to object
            The configuration; what it has besides is left out.

        Returns
        -------
        candidate : dict of str to object
            The values that mean something beside each other.
        """
        return suggest(Drawn(config), self._domains)
