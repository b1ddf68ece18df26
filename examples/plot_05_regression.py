"""
Regression with a transformed target
====================================

At the end of this page you can train a network on a target of any scale, and tune it
where it sits: in a pipeline, inside scikit-learn's ``TransformedTargetRegressor``. The
data are 442 diabetes patients; the target says how far the disease has gone in a year.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.compose import TransformedTargetRegressor
from sklearn.datasets import load_diabetes
from sklearn.metrics import mean_absolute_percentage_error
from sklearn.model_selection import train_test_split
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from skhyper import MLPRegressor, RandomizedSearchCV

X, y = load_diabetes(return_X_y=True, as_frame=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
print(f"Target: from {y.min():.0f} to {y.max():.0f}, {y.mean():.0f} in the mean")

# %%
# The scale of the target
# -----------------------
# The outputs of a new network lie around 0, the targets around 150. By default,
# ``scale_target=True``, the regressor trains on the standardized target and gives its
# predictions in the target's own units. Without it the epochs go by while the network
# is on its way to the mean. There is no need for a scaler of one's own.


def pipeline(**params):
    """Put a network behind a scaler of the features."""
    network = MLPRegressor((64,), max_epochs=30, random_state=0, **params)
    return Pipeline([("scale", StandardScaler()), ("mlp", network)])


scaled = pipeline().fit(X_train, y_train)
unscaled = pipeline(scale_target=False).fit(X_train, y_train)
print(f"R2 with scale_target:    {scaled.score(X_test, y_test):.2f}")
print(f"R2 without scale_target: {unscaled.score(X_test, y_test):.2f}")

# %%
# The shape of the target, and a search
# -------------------------------------
# Scaling does not change a shape. If an error of 20 is worse at 50 than at 300, train
# on the logarithm: ``TransformedTargetRegressor`` takes it before the training and
# undoes it after the prediction. The network is then two levels down, and its dropout
# is called ``regressor__mlp__dropout``. The search finds that place by itself.

logarithmic = TransformedTargetRegressor(pipeline(), func=np.log, inverse_func=np.exp)
search = RandomizedSearchCV(
    logarithmic,
    ["dropout", "optimizer"],
    n_iter=12,
    cv=3,
    scoring="neg_mean_absolute_percentage_error",
    random_state=0,
)
search.fit(X_train, y_train)
columns = ["optimizer", "lr", "dropout", "mean_test_score"]
print(search.results_frame()[columns].head().to_string())
print(search.best_params_)

# %%
# Predictions for the patients of the test, as they were and with the search.

models = {
    "scale_target=False": unscaled,
    "scale_target=True": scaled,
    "logarithm, tuned": search,
}
error = {
    name: mean_absolute_percentage_error(y_test, model.predict(X_test))
    for name, model in models.items()
}
figure, axes = plt.subplots(
    1, 3, figsize=(10, 3.6), sharex=True, sharey=True, layout="constrained"
)
for number, (ax, (name, model)) in enumerate(zip(axes, models.items(), strict=True)):
    ax.axline((0, 0), slope=1, color="grey", linewidth=1)
    ax.scatter(y_test, model.predict(X_test), s=14, alpha=0.7, color=f"C{number}")
    ax.set(title=f"{name}\nrelative error {error[name]:.0%}", xlabel="target")
    ax.spines[["top", "right"]].set_visible(False)
axes[0].set_ylabel("prediction")
plt.show()

# %%
# Verifying the result
# --------------------
# The scaled network has learned something, the other one not even the mean. The search
# varied the network's own parameters, and made the relative error the smallest of all.

assert unscaled.score(X_test, y_test) < 0 < scaled.score(X_test, y_test)
assert all(name.startswith("regressor__mlp__") for name in search.best_params_)
assert min(error, key=error.get) == "logarithm, tuned"
