"""
Normalizers in a convolutional network
======================================

At the end of this page you can train a convolutional network on images, and use a
normalizer to make it learn where it would otherwise hardly start.
"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from skhyper import CNNClassifier

digits = load_digits()
images = (digits.images[:, np.newaxis] / 16).astype(np.float32)
X_train, X_test, y_train, y_test = train_test_split(
    images, digits.target, train_size=600, stratify=digits.target, random_state=0
)
print(f"Images for training: {X_train.shape}, as (images, channels, height, width).")

# %%
# One network, five normalizers
# -----------------------------
# A normalizer shifts and scales what goes into each activation to mean 0 and variance
# 1. They differ in what they average over:
#
# - "batch": over the images of a batch, for each channel;
# - "layer": over all channels and pixels of an image;
# - "instance": over the pixels of an image, for each channel;
# - "group": over the pixels of an image, for ``n_groups`` groups of channels.
#
# Plain SGD with a small learning rate shows best what they are good for.

normalizers = [None, "batch", "layer", "instance", "group"]
networks = {
    str(normalizer): CNNClassifier(
        channels=(16, 32),
        hidden_layer_sizes=(64,),
        normalizer=normalizer,
        optimizer="sgd",
        lr=0.02,
        max_epochs=12,
        random_state=0,
    ).fit(X_train, y_train)
    for normalizer in normalizers
}

# %%
# Without a normalizer the loss stays for long where it began, at that of a guess. With
# any of the four it falls from the first epochs on.

table = pd.DataFrame(
    {
        "final train loss": {k: net.loss_curve_[-1] for k, net in networks.items()},
        "test score": {k: net.score(X_test, y_test) for k, net in networks.items()},
    }
)
print(table.round(3))

figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.6), layout="constrained")
for name, net in networks.items():
    left.plot(net.history_["epoch"], net.history_["train_loss"], label=name)
left.axhline(np.log(10), color="grey", linestyle=":", label="a guess")
left.set(xlabel="epoch", ylabel="training loss", ylim=(0, None))
left.legend(frameon=False)
bars = right.barh(
    table.index, table["test score"], color=[f"C{i}" for i in range(len(table))]
)
right.bar_label(bars, fmt="%.3f", padding=-38, color="white")
right.set(xlabel="test score", xlim=(0, 1))
right.invert_yaxis()
for ax in (left, right):
    ax.spines[["top", "right"]].set_visible(False)
plt.show()

# %%
# Verifying the result
# --------------------
# After the same twelve epochs every normalizer is far ahead of none.

normalized = table.drop("None")
assert normalized["test score"].min() > table.loc["None", "test score"] + 0.1
assert normalized["final train loss"].max() < table.loc["None", "final train loss"] / 2
