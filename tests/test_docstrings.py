"""The docstrings as they are rendered: complete, true, and without left-overs."""

import ast
import inspect
import re

import pandas as pd
import pytest
from numpydoc.docscrape import ClassDoc
from skorch import NeuralNet

from skhyper import CNNClassifier, CNNRegressor, MLPClassifier, MLPRegressor

ESTIMATORS = [MLPClassifier, MLPRegressor, CNNClassifier, CNNRegressor]


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_every_default_in_the_docstring_is_that_of_the_signature(
    estimator: type,
) -> None:
    documented = {row.name: row.type for row in ClassDoc(estimator)["Parameters"]}
    signature = inspect.signature(estimator).parameters
    assert list(documented) == list(signature)
    for name, text in documented.items():
        default = text.split("default=")[1]
        assert ast.literal_eval(default) == signature[name].default, name


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_every_reference_is_cited_and_every_citation_has_its_reference(
    estimator: type,
) -> None:
    text = inspect.getdoc(estimator) or ""
    body, references = text.split("References\n----------")
    listed = re.findall(r"\.\. \[(\d+)\]", references)
    cited = re.findall(r"\[(\d+)\]_", body)
    assert listed == [str(number) for number in range(1, len(listed) + 1)]
    assert list(dict.fromkeys(cited)) == listed


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_no_placeholder_is_left(estimator: type) -> None:
    text = estimator.__doc__ or ""
    assert not re.search(r"^\s*\{\w+\}\s*$", text, re.MULTILINE)


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_every_fitted_attribute_is_documented_and_there(estimator: type) -> None:
    net = estimator(max_epochs=1).fit([[0.0, 1.0], [1.0, 0.0]] * 3, [0, 1] * 3)
    fitted = {name for name in (*vars(net), "net_", "history_") if name.endswith("_")}
    assert isinstance(net.net_, NeuralNet)
    assert isinstance(net.history_, pd.DataFrame)
    documented = {
        name
        for row in ClassDoc(estimator)["Attributes"]
        for name in row.name.split(", ")
        if name.endswith("_")
    }
    assert documented - fitted == {"feature_names_in_"}
    assert fitted <= documented
