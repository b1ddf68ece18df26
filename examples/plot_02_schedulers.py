"""
Learning-rate schedules as they are trained
===========================================

At the end of this page you can choose a schedule of the learning rate by its name, bend
it with its own arguments, and read from the fitted network which rate each epoch had.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits

from skhyper import MLPClassifier

X, y = load_digits(n_class=5, return_X_y=True)
X = (X / 16).astype(np.float32)

# %%
# Six schedules, by name and bent
# -------------------------------
# A schedule that is only named stretches itself over ``max_epochs``: three steps of a
# third each, a cosine that ends at zero, and so on. ``scheduler_params`` hands further
# arguments to PyTorch's scheduler of that name. Only the plateau looks at the training:
# it lowers the rate when the loss has not improved for some epochs. In the one-cycle
# schedule ``lr`` is the peak.

MAX_EPOCHS, LR = 40, 0.3
bends = {
    "step": {"step_size": 5, "gamma": 0.5},
    "exponential": {"gamma": 0.8},
    "cosine": {"eta_min": 0.1},
    "linear": {"total_iters": 20},
    "plateau": {"factor": 0.3, "patience": 0},
    "onecycle": {"pct_start": 0.1},
}


def train(scheduler, params=None):
    """Train with SGD, whose steps are as long as the learning rate says."""
    net = MLPClassifier(
        optimizer="sgd",
        lr=LR,
        scheduler=scheduler,
        scheduler_params=params,
        max_epochs=MAX_EPOCHS,
        random_state=0,
    )
    return net.fit(X, y)


named = {scheduler: train(scheduler) for scheduler in bends}
bent = {scheduler: train(scheduler, params) for scheduler, params in bends.items()}

# %%
# ``history_`` is a data frame with a row for each epoch; its column ``lr`` is the rate
# at the beginning of the epoch. The dashed line is the bent schedule.

figure, axes = plt.subplots(
    2, 3, figsize=(10, 5.4), sharex=True, sharey=True, layout="constrained"
)
for ax, (scheduler, params) in zip(axes.flat, bends.items(), strict=True):
    for net, style, label in [
        (named[scheduler], "-", "by name"),
        (bent[scheduler], "--", ", ".join(f"{k}={v}" for k, v in params.items())),
    ]:
        history = net.history_
        ax.plot(
            history["epoch"], history["lr"], style, drawstyle="steps-post", label=label
        )
    ax.set_title(scheduler)
    ax.legend(loc="upper right", fontsize="small", frameon=False)
    ax.spines[["top", "right"]].set_visible(False)
axes[0, 0].set_ylim(0, LR * 1.45)
figure.supxlabel("epoch")
figure.supylabel("learning rate")
plt.show()

# %%
# Verifying the result
# --------------------
# The rates that were trained with are those of the formulas.

epoch = np.arange(MAX_EPOCHS)
rate = {scheduler: net.history_["lr"].to_numpy() for scheduler, net in named.items()}
third = -(-MAX_EPOCHS // 3)
np.testing.assert_allclose(rate["step"], LR * 0.1 ** (epoch // third))
np.testing.assert_allclose(rate["exponential"], LR * 0.01 ** (epoch / MAX_EPOCHS))
np.testing.assert_allclose(rate["linear"], LR * (1 - 0.9 * epoch / MAX_EPOCHS))
cosine = LR * (1 + np.cos(np.pi * epoch / MAX_EPOCHS)) / 2
np.testing.assert_allclose(rate["cosine"], cosine)
assert np.all(np.diff(rate["plateau"]) <= 0)
assert bent["plateau"].history_["lr"].iloc[-1] < LR
assert 0.99 * LR < rate["onecycle"].max() <= LR
