"""
Go on with a search that was ended
==================================

At the end of this page you can end a search when its time is up, call it again later,
and have the result of a search without a break: what was trained is not trained again.
The data are the handwritten digits of scikit-learn.
"""

import tempfile

import matplotlib.pyplot as plt
import numpy as np
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler

from skhyper import GridSearchCV, MLPClassifier

X, y = load_digits(return_X_y=True)
X = X.astype(np.float32)

# %%
# How long would it take?
# -----------------------
# A plan with times trains a few candidates for a few epochs, and computes the rest.

network = MLPClassifier((64,), batch_size=64, max_epochs=150)
pipeline = make_pipeline(MinMaxScaler(), network)
grid = {"lr": [0.0003, 0.001, 0.003, 0.01], "dropout": [0.0, 0.2, 0.4]}
search = GridSearchCV(pipeline, grid, cv=3, refit="ensemble", random_state=0)
plan = search.plan(X, y, time=True)
print(plan)

# %%
# End it early
# ------------
# With ``memory``, each training is kept in a folder as far as it has come; ``max_time``
# ends the search. With ``refit="ensemble"`` the networks of the best candidate's splits
# are averaged, so that no time is kept for another training.

folder = tempfile.TemporaryDirectory()
search.set_params(memory=folder.name, max_time=0.4 * plan.seconds)
ended = clone(search).fit(X, y)
columns = ["lr", "dropout", "mean_test_score", "mean_n_epochs", "stop_reason"]
print(ended.results_frame()[columns].head().to_string())

# %%
# Go on
# -----
# The same call goes on from the files, in this process or another one, also when it was
# ended by Ctrl-C or killed.

search.set_params(max_time=None)
whole = clone(search).fit(X, y)
print(whole.results_frame()[columns].head().to_string())

# %%
# A wider grid finds what it shares with the former one. It trains the rest: nine fits,
# ten epochs at a time, after which they are saved.

wider = {"lr": [*grid["lr"], 0.03], "dropout": grid["dropout"]}
more = clone(search).set_params(param_grid=wider).fit(X, y)
print(more.fusion_report_[["group", "lanes", "structure"]].head(3).to_string())

# %%
# The bars are candidates. A search with a limit begins with a few of them, so that some
# have been trained for long when the time is up.

before = np.zeros(len(whole.cv_results_["params"]))
before[: len(ended.cv_results_["params"])] = ended.cv_results_["mean_n_epochs"]
after = whole.cv_results_["mean_n_epochs"]
names = [", ".join(map(str, p.values())) for p in whole.cv_results_["params"]]
figure, ax = plt.subplots(figsize=(7, 3.6), layout="constrained")
ax.barh(names, before, label="first call")
ax.barh(names, after - before, left=before, color="0.8", label="second call")
ax.invert_yaxis()
ax.set(xlabel="epochs", ylabel="dropout, learning rate")
ax.spines[["top", "right"]].set_visible(False)
figure.legend(loc="outside upper center", ncols=2)
plt.show()

# %%
# Verifying the result
# --------------------
# A search without a break and without files has the same scores.

unbroken = GridSearchCV(pipeline, grid, cv=3, random_state=0).fit(X, y)
for name in ("mean_test_score", "mean_n_epochs"):
    np.testing.assert_array_equal(unbroken.cv_results_[name], whole.cv_results_[name])
assert before.sum() < after.sum()
assert (more.fusion_report_["lanes"] == 3 * 3).all()
folder.cleanup()
