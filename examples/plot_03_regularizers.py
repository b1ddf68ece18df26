"""
What L1, L2 and dropout do to a network
=======================================

At the end of this page you can choose a regularizer by what it does to the weights, and
see in the scores that it has kept the network from learning its data by heart. The data
are 400 digits for training, of which every seventh or so has a random label.
"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from skhyper import MLPClassifier

X, y = load_digits(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(
    (X / 16).astype(np.float32), y, train_size=400, stratify=y, random_state=0
)
rng = np.random.default_rng(0)
wrong = rng.random(len(y_train)) < 0.15
y_train[wrong] = rng.integers(10, size=wrong.sum())

# %%
# One network, regularized in three ways
# --------------------------------------
# ``l1`` adds the sum of the absolute weights to the loss, ``l2`` the sum of their
# squares, each times the number given; biases are left alone. ``dropout`` switches each
# hidden unit off with the given probability in every step of the training.

regularizers = {
    "none": {},
    "L1": {"l1": 1e-3},
    "L2": {"l2": 3e-3},
    "dropout": {"dropout": 0.5},
}
networks = {
    name: MLPClassifier(
        (200,), lr=3e-3, scheduler="cosine", max_epochs=150, random_state=0, **params
    ).fit(X_train, y_train)
    for name, params in regularizers.items()
}

# %%
# The weights
# -----------
# A fitted network keeps its PyTorch module in ``net_.module_``. We take the weights of
# both layers, and leave out those of pixels that are blank in all images.

used = X_train.any(axis=0)
weights = {}
for name, network in networks.items():
    first, second = [w for w in network.net_.module_.parameters() if w.ndim == 2]
    first = first.detach().numpy()[:, used]
    weights[name] = np.concatenate([first.ravel(), second.detach().numpy().ravel()])

table = pd.DataFrame(
    {
        "train score": {k: net.score(X_train, y_train) for k, net in networks.items()},
        "test score": {k: net.score(X_test, y_test) for k, net in networks.items()},
        "near zero": {k: np.mean(np.abs(w) < 1e-3) for k, w in weights.items()},
        "largest": {k: np.abs(w).max() for k, w in weights.items()},
    }
)
print(table.round(3))

# %%
# L1 leaves most weights at zero and lets the others be large. L2 makes all of them
# small and few of them zero. Dropout hardly changes them: it works on the units.

figure, axes = plt.subplots(
    1, 4, figsize=(11, 3), sharex=True, sharey=True, layout="constrained"
)
for number, (ax, (name, values)) in enumerate(zip(axes, weights.items(), strict=True)):
    ax.hist(values, bins=np.linspace(-0.8, 0.8, 61), color=f"C{number}")
    share = table.loc[name, "near zero"]
    ax.set(title=name, xlabel="weight", yscale="log")
    ax.text(0.97, 0.93, f"{share:.0%} near zero", ha="right", transform=ax.transAxes)
    ax.spines[["top", "right"]].set_visible(False)
axes[0].set_ylabel("number of weights")
plt.show()

# %%
# Verifying the result
# --------------------
# Without regularization the network fits most of the wrong labels, and pays for it on
# the test images, whose labels are right. All three regularizers generalize better.

regularized = table.drop("none")
assert regularized["train score"].max() < table.loc["none", "train score"]
assert regularized["test score"].min() > table.loc["none", "test score"] + 0.01
assert table.loc["L1", "near zero"] > 0.5 > regularized["near zero"].drop("L1").max()
assert table["largest"].idxmin() == "L2"
