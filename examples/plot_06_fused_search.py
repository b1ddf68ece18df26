"""
Train a whole search at once
============================

At the end of this page you can have all candidates and folds of a search trained
together, see how much time that saves on your machine, and know that no score has
changed by it. The data are the handwritten digits of scikit-learn.
"""

import time

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.datasets import load_digits
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler

from skhyper import GridSearchCV, MLPClassifier

X, y = load_digits(return_X_y=True)
X = X.astype(np.float32)

# %%
# One grid, searched in two ways
# ------------------------------
# A search of this package trains its candidates together by itself, as long as you
# choose no other backend of joblib. ``fused=False`` fits them one after the other.

network = MLPClassifier(
    (64,), optimizer="sgd", momentum=0.9, batch_size=128, max_epochs=15, random_state=0
)
pipeline = make_pipeline(MinMaxScaler(), network)
grid = {"lr": [0.01, 0.03, 0.1, 0.3], "dropout": [0.0, 0.2, 0.4]}


def timed(fused):
    search = GridSearchCV(pipeline, grid, cv=5, refit=False, fused=fused)
    began = time.perf_counter()
    search.fit(X, y)
    return search, time.perf_counter() - began


timed("auto")  # what is loaded at the first use is not to be counted
together, seconds_together = timed("auto")
one_by_one, seconds_one_by_one = timed(False)
seconds = pd.Series({"fused": seconds_together, "one by one": seconds_one_by_one})
print(seconds.round(2).to_string())
print(f"{seconds_one_by_one / seconds_together:.1f} times as fast")

# %%
# What was trained together
# -------------------------
# The report has a row for each stack: how many fits it held, what network they share,
# and how many steps of a fit it took in a second.

print(together.fusion_report_.drop(columns="reason").round(1).to_string(index=False))

# %%
# The scores are the same, fold by fold: each point is a fit, and all of them lie on the
# diagonal.

columns = [f"split{fold}_test_score" for fold in range(5)]
scores = [
    np.stack([search.cv_results_[column] for column in columns])
    for search in (together, one_by_one)
]
figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.6), layout="constrained")
left.barh(seconds.index, seconds, color=["C0", "0.7"])
left.set(xlabel="seconds", title="Time of the search")
right.plot(*[[scores[0].min(), scores[0].max()]] * 2, color="0.8", zorder=0)
right.scatter(scores[1].ravel(), scores[0].ravel(), s=14)
right.set(xlabel="one by one", ylabel="fused", title="Accuracy of each fit")
for ax in (left, right):
    ax.spines[["top", "right"]].set_visible(False)
plt.show()

# %%
# Searches and cross-validations of other libraries are fused by one line,
# ``with joblib.parallel_config("fused"):``; the user guide has more about it.

# %%
# Verifying the result
# --------------------
# Not a bit of a score has changed, and the fused search was the faster one.

np.testing.assert_array_equal(scores[0], scores[1])
assert together.best_params_ == one_by_one.best_params_
assert together.fusion_report_["lanes"].sum() == 60
assert seconds_together < seconds_one_by_one
