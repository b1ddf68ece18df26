"""Descriptions of the arguments and attributes that the estimators share."""

from functools import partial

from skhyper._documented import documented as documented_by

__all__ = ["documented"]

SHARED = {
    "activation": """\
activation : {"relu", "leaky_relu", "elu", "selu", "gelu", "silu", "mish", \
"tanh", "sigmoid", "identity"}, default="relu"
    Nonlinearity after each hidden layer.""",
    "training": """\
dropout : float, default=0.0
    Probability in [0, 1) that the output of a hidden unit is set to zero in a
    training step [srivastava2014]_.
label_smoothing : float, default=0.0
    Share in [0, 1) of a row's label that is spread over all the classes while
    training [szegedy2016]_. The validation loss is not smoothed.
l1 : float, default=0.0
    Non-negative factor :math:`\\lambda` of the penalty
    :math:`\\lambda \\sum |w|` on weights; biases and the parameters of
    normalizers are not penalized.
l2 : float, default=0.0
    Non-negative factor :math:`\\lambda` of the penalty
    :math:`\\lambda \\sum w^2` on weights; biases and the parameters of
    normalizers are not penalized.
weight_decay : float, default=0.0
    Non-negative weight decay of the optimizer, on all parameters as in torch;
    decoupled from the gradient with ``optimizer="adamw"`` [loshchilov2019]_.
optimizer : {"sgd", "adam", "adamw", "rmsprop", "adagrad", "nadam", "radam"}, \
default="adam"
    The optimizer of torch.
lr : float, default=0.001
    Learning rate above 0: where the schedule starts, or the peak of the
    one-cycle schedule. The default is Adam's [kingma2015]_ and scikit-learn's.
momentum : float, default=0.9
    Momentum in [0, 1). Used with ``optimizer="sgd"`` only.
nesterov : bool, default=False
    Whether the momentum is Nesterov's. Used with ``optimizer="sgd"`` only.
optimizer_params : dict or None, default=None
    Further arguments of torch's optimizer, such as ``{"betas": (0.9, 0.95)}``.
scheduler : {"step", "exponential", "plateau", "cosine", "linear", "onecycle"} \
or None, default=None
    How the learning rate changes over ``max_epochs``: torch's ``StepLR``,
    ``ExponentialLR``, ``ReduceLROnPlateau``, ``CosineAnnealingLR``,
    ``LinearLR`` or ``OneCycleLR`` [smith2018]_; None keeps it. By default it falls to a
    tenth in three equal steps (step), to a hundredth (exponential), to 0
    (cosine), to a tenth (linear), or by half whenever the validation loss (the
    training loss, without validation) has not improved for
    ``max(2, max_epochs // 20)`` epochs (plateau).
scheduler_params : dict or None, default=None
    Further arguments of torch's scheduler, such as ``{"gamma": 0.9}``.
max_epochs : int, default=100
    Passes over the training rows, at least 1; fewer with early stopping.
batch_size : int or "auto", default="auto"
    Rows in a training step, at least 1. "auto" is 64 up to 1,024 rows, then
    128, 256 and 512 up to 8,192, 30,000 and 100,000 rows, and 1,024 above
    [holzmuller2024]_. A remainder of a single row joins the batch before it.
early_stopping : bool or "auto", default="auto"
    Whether training stops when the validation loss stalls. "auto" means on more
    than 10,000 rows, as in scikit-learn's ``HistGradientBoostingClassifier``,
    or when ``fit`` is given ``X_val``.
patience : int, default=10
    Epochs in a row, at least 1, without an improvement that early stopping
    allows.
tol : float, default=1e-4
    Smallest improvement of the validation loss that counts, non-negative, in
    the units of the loss.
validation_fraction : float, default=0.1
    Share in (0, 1) of the rows that is set aside for early stopping; of each
    class the same share.
restore_best : bool, default=True
    Whether early stopping returns to the weights of the best epoch.""",
    "machine": """\
callbacks : list of skorch.callbacks.Callback or None, default=None
    Further callbacks of skorch, which are copied for each fit.
device : str, default="auto"
    Device of torch. "auto" takes CUDA, else MPS, else the CPU.
precision : {"auto", "float32", "float64", "bfloat16"}, default="auto"
    Type of the numbers. "auto" is float64 for float64 features on the CPU, as
    in scikit-learn, and float32 otherwise. "bfloat16" computes matrix products
    in bfloat16 and keeps the weights in float32.
compile : bool, default=False
    Whether torch compiles the net, which takes seconds and pays in long
    trainings only.
memory : str, Path, joblib.Memory or None, default=None
    Folder in which trainings are kept, every 10 epochs and at their end: a fit with
    the same arguments and data, the same versions and an int as `random_state` goes
    on from there, or is read. A warm start is always trained.
warm_start : bool, default=False
    Whether ``fit`` starts from the weights of the last fit. The optimizer and
    the schedule begin anew.
random_state : int, RandomState instance or None, default=None
    Seed of the initial weights, the batches' order, dropout and the rows set
    aside. With an int the result is the same bits in every run on the same
    machine. None takes a new seed from the operating system; the global random
    states of numpy and torch are neither read nor changed.
verbose : int or bool, default=0
    Above 0, prints a line for each epoch.""",
    "fitted": """\
net_ : skorch.NeuralNet
    The trained net; ``net_.module_`` is the torch module.
history_ : pandas.DataFrame
    A row an epoch: ``epoch``, ``train_loss``, ``valid_loss``, ``valid_score``
    (accuracy or :math:`R^2`), ``lr`` at its beginning and ``seconds``. The
    losses leave out the penalties. Without validation two columns are NaN.
n_weights_ : int
    Weights and biases of the net.
n_iter_ : int
    Epochs trained.
best_epoch_ : int
    Epoch of the best validation loss; the last one without early stopping.
stop_reason_ : {"max_epochs", "early_stopping", "callback", "max_time", "pause"}
    Why the training ended; the last two in a search, by its ``max_time`` and behind
    the epochs of a rung.
device_ : str
    Device of the training.
loss_curve_ : list of float
    Training loss of each epoch.
validation_scores_ : list of float or None
    Validation score of each epoch; None without validation.
n_features_in_ : int
    Number of features seen in ``fit``.
feature_names_in_ : ndarray of shape (`n_features_in_`,)
    Names of the features seen in ``fit``, if all of them are strings.""",
}

REFERENCES = {
    "srivastava2014": """\
N. Srivastava et al., "Dropout: A Simple Way to Prevent Neural Networks
from Overfitting", JMLR 15, 2014.""",
    "szegedy2016": """\
C. Szegedy et al., "Rethinking the Inception Architecture for Computer
Vision", CVPR 2016, section 7.""",
    "loshchilov2019": """\
I. Loshchilov, F. Hutter, "Decoupled Weight Decay Regularization", ICLR
2019.""",
    "kingma2015": """\
D. P. Kingma, J. Ba, "Adam: A Method for Stochastic Optimization", ICLR
2015, algorithm 1.""",
    "smith2018": """\
L. N. Smith, N. Topin, "Super-Convergence: Very Fast Training of Neural
Networks Using Large Learning Rates", 2018.""",
    "holzmuller2024": """\
D. Holzmüller, L. Grinsztajn, I. Steinwart, "Better by Default: Strong
Pre-Tuned MLPs and Boosted Trees on Tabular Data", NeurIPS 2024, as in its
package pytabkit.""",
}

documented = partial(documented_by, SHARED, REFERENCES)
"""Puts the shared descriptions into the docstring of an estimator."""
