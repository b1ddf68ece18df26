"""
Let only promising candidates go on
===================================

At the end of this page you can try many candidates for the epochs of a few: Hyperband
ends most trainings early, and the others go on from where they are. The data are the
handwritten digits of scikit-learn.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler

from skhyper import GridSearchCV, HyperbandSearchCV, MLPClassifier, RandomizedSearchCV

X, y = load_digits(return_X_y=True)
X = X.astype(np.float32)

# %%
# What it will do
# ---------------
# A bracket trains its candidates for a few epochs, then the best third of them for
# three times as many, and so on. The later a bracket begins to choose, the fewer
# candidates it has.

pipeline = make_pipeline(MinMaxScaler(), MLPClassifier(batch_size=64, max_epochs=27))
space = {
    "lr": (1e-5, 1.0, "log-uniform"),
    "dropout": [0.0, 0.2, 0.4],
    "hidden_layer_sizes": [(32,), (64,), (128,)],
}
hyperband = HyperbandSearchCV(pipeline, space, max_epochs=27, cv=3, random_state=0)
print(hyperband.plan(X, y))

# %%
# What it has found
# -----------------
# Only those come into question as the best that were trained to the end.

hyperband.fit(X, y)
columns = ["lr", "dropout", "mean_test_score", "bracket", "n_resources"]
print(hyperband.results_frame()[columns].head(7).to_string())

# %%
# A search that trains every candidate to the end has as many epochs for 13 candidates.

trained = hyperband.metadata_["n_epochs"]
n_iter = trained // (27 * 3)
drawn = RandomizedSearchCV(pipeline, space, n_iter=n_iter, cv=3, random_state=0)
drawn.fit(X, y)

# %%
# Each point is a candidate at the end of its training, on the left by the epochs it was
# given and on the right by its learning rate.

results = hyperband.cv_results_
scores, epochs = results["mean_test_score"], results["n_resources"]
figure, axes = plt.subplots(1, 2, figsize=(9, 3.6), layout="constrained", sharey=True)
jitter = np.random.default_rng(0).uniform(0.9, 1.1, len(epochs))
for ax, x, label in (
    (axes[0], epochs * jitter, "epochs trained"),
    (axes[1], results["param_mlpclassifier__lr"].astype(float), "learning rate"),
):
    for bracket in range(4):
        among = results["bracket"] == bracket
        ax.scatter(x[among], scores[among], s=18, label=f"bracket {bracket}")
    ax.set(xscale="log", xlabel=label)
    ax.spines[["top", "right"]].set_visible(False)
axes[0].set(xticks=[1, 3, 9, 27], xticklabels=[1, 3, 9, 27], ylabel="mean accuracy")
axes[0].minorticks_off()
figure.legend(*axes[0].get_legend_handles_labels(), loc="outside upper center", ncols=4)
plt.show()

# %%
# Verifying the result
# --------------------
# Hyperband has tried more candidates in as many epochs. The best one was never trained
# again from its first epoch, and yet has the scores of a training without a break.

assert len(scores) > 3 * n_iter
assert trained <= 1.1 * drawn.cv_results_["mean_n_epochs"].sum() * 3
network_seed = hyperband.best_estimator_[-1].random_state
alone = {name: [value] for name, value in hyperband.best_params_.items()}
pipeline.set_params(mlpclassifier__random_state=network_seed)
unbroken = GridSearchCV(pipeline, alone, cv=3).fit(X, y)
assert unbroken.best_score_ == hyperband.best_score_
assert hyperband.best_score_ > 0.93
