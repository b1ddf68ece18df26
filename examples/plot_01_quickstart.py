"""
Quickstart: tune a network in two searches
==========================================

At the end of this page you can tune a neural network that sits in a scikit-learn
pipeline, without writing a search space. The data are scikit-learn's 8 x 8 images of
handwritten digits; half of them are kept for the test.
"""

import numpy as np
import pandas as pd
from sklearn import neural_network
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from skhyper import BayesSearchCV, GridSearchCV, MLPClassifier

X, y = load_digits(return_X_y=True)
X = X.astype(np.float32)  # a network trains about twice as fast as on float64
X_train, X_test, y_train, y_test = train_test_split(
    X, y, test_size=0.5, stratify=y, random_state=0
)

# %%
# Where we start
# --------------
# The network is one step of a pipeline, like any other estimator. It gets 20 epochs,
# that is passes over the training images, while the learning rate falls to zero along a
# cosine. scikit-learn's own network with its defaults, which allow 200 epochs, is there
# to compare.

network = MLPClassifier(max_epochs=20, scheduler="cosine", random_state=0)
untuned = Pipeline([("scale", StandardScaler()), ("mlp", network)])
untuned.fit(X_train, y_train)

sklearn_network = neural_network.MLPClassifier(random_state=0)
sklearn_default = Pipeline([("scale", StandardScaler()), ("mlp", sklearn_network)])
sklearn_default.fit(X_train, y_train)

# %%
# First search: a grid by name
# ----------------------------
# "quick" is a preset: a search space that comes with the package. Its parameters are
# the network's, and the search finds the network in the pipeline by itself. ``plan``
# says how much work is ahead before anything runs.

quick = GridSearchCV(untuned, "quick", cv=2)
print(quick.plan(X_train, y_train))
quick.fit(X_train, y_train)

# %%
# The results are a table, the best candidate on top.

columns = ["hidden_layer_sizes", "lr", "dropout", "weight_decay", "mean_test_score"]
print(quick.results_frame()[columns].head().to_string())

# %%
# Second search: go on from the winner
# ------------------------------------
# The grid has chosen the size of the network and its dropout. A Bayesian search keeps
# them and varies the penalties on the weights, the optimizer and the learning rate: a
# list of names joins the presets.

space = ["regularization", "optimizer"]
bayes = BayesSearchCV(quick.best_estimator_, space, n_iter=16, cv=2, random_state=0)
bayes.fit(X_train, y_train)
columns = ["optimizer", "lr", "l1", "l2", "weight_decay", "mean_test_score"]
print(bayes.results_frame()[columns].head().to_string())

# %%
# Verifying the result
# --------------------
# On the images that no search has seen, the tuned networks beat the untuned one by far,
# in the same 20 epochs. They come close to scikit-learn's, or pass it, which does well
# on these images but takes many more epochs to get there.

models = {
    "skhyper, untuned": untuned,
    "grid over 'quick'": quick.best_estimator_,
    "then Bayesian search": bayes.best_estimator_,
    "scikit-learn's default": sklearn_default,
}
table = pd.DataFrame(
    {
        "epochs": [model["mlp"].n_iter_ for model in models.values()],
        "test score": [model.score(X_test, y_test) for model in models.values()],
    },
    index=list(models),
)
print(table.round(3))

start, grid, then_bayes, default = table["test score"]
assert min(grid, then_bayes) > start + 0.01
assert max(grid, then_bayes) > default - 0.01
