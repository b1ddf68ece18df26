"""Estimators come back from files, pickles and caches as they were."""

import copy
import pickle
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.exceptions import InconsistentVersionWarning, NotFittedError
from sklearn.model_selection import GridSearchCV
from sklearn.neural_network import MLPClassifier as PerceptronOfScikitLearn
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from skorch.callbacks import GradientNormClipping

from skhyper.estimators import (
    CNNClassifier,
    CNNRegressor,
    MLPClassifier,
    MLPRegressor,
    NeuralNetwork,
)
from skhyper.estimators._archive import read_archive, write_archive
from skhyper.rules import OPTIMIZERS, SCHEDULES

RNG = np.random.default_rng(0)
X = RNG.normal(size=(70, 16)).astype(np.float32)
LABELS = RNG.integers(0, 3, 70)
NUMBERS = RNG.normal(size=70)


def small(estimator: type = MLPClassifier, **params: Any) -> Any:
    defaults = {
        "hidden_layer_sizes": (8,),
        "max_epochs": 4,
        "batch_size": 16,
        "random_state": 0,
    }
    return estimator(**{**defaults, **params})


def weights(estimator: Any) -> torch.Tensor:
    tensors = estimator.net_.module_.state_dict().values()
    return torch.cat([tensor.flatten().double() for tensor in tensors])


def through_pickle(estimator: Any, folder: Path) -> Any:
    return pickle.loads(pickle.dumps(estimator))


def through_joblib(estimator: Any, folder: Path) -> Any:
    joblib.dump(estimator, folder / "net.joblib")
    return joblib.load(folder / "net.joblib")


def through_deepcopy(estimator: Any, folder: Path) -> Any:
    return copy.deepcopy(estimator)


def through_file(estimator: Any, folder: Path) -> Any:
    estimator.save(folder / "net.npz")
    return type(estimator).load(folder / "net.npz")


WAYS = [through_pickle, through_joblib, through_deepcopy, through_file]
Way = Callable[[Any, Path], Any]

FITTED = {
    "mlp": lambda: small().fit(X, LABELS),
    "mlp of float64": lambda: small().fit(X.astype(float), LABELS),
    "mlp with dropout and batch normalization": lambda: small(
        dropout=0.3, normalizer="batch", scheduler="onecycle"
    ).fit(X, LABELS),
    "mlp with early stopping": lambda: small(
        max_epochs=30, lr=0.1, patience=2, early_stopping=True, scheduler="plateau"
    ).fit(X, LABELS),
    "mlp after partial_fit": lambda: small().partial_fit(X, LABELS),
    "mlp of two warm starts": lambda: (
        small(warm_start=True).fit(X, LABELS).fit(X, LABELS)
    ),
    "multilabel mlp": lambda: small().fit(X, np.eye(3, dtype=int)[LABELS]),
    "regressor": lambda: small(MLPRegressor).fit(X, NUMBERS),
    "regressor of two outputs": lambda: small(MLPRegressor).fit(X, X[:, :2]),
    "cnn": lambda: small(CNNClassifier, channels=(4,)).fit(
        X.reshape(-1, 1, 4, 4), LABELS
    ),
    "cnn regressor of flat rows": lambda: small(
        CNNRegressor, input_shape=(1, 4, 4), channels=np.array([4]), lr=np.float64(0.01)
    ).fit(X, NUMBERS),
    "mlp in bfloat16": lambda: small(precision="bfloat16").fit(X, LABELS),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("fitted", FITTED.values(), ids=FITTED.keys())
def test_estimator_comes_back_as_it_was(
    fitted: Callable[[], Any], way: Way, tmp_path: Path
) -> None:
    estimator = fitted()
    again = way(estimator, tmp_path)
    assert type(again) is type(estimator)
    assert repr(again.get_params()) == repr(estimator.get_params())
    np.testing.assert_array_equal(again.predict(X), estimator.predict(X))
    assert torch.equal(weights(again), weights(estimator))
    pd.testing.assert_frame_equal(again.history_, estimator.history_, check_exact=True)
    kept = {name for name in vars(estimator) if name.endswith("_")}
    assert {name for name in vars(again) if name.endswith("_")} == kept
    for name in kept - {"net_", "history_"}:
        np.testing.assert_array_equal(getattr(again, name), getattr(estimator, name))
        assert type(getattr(again, name)) is type(getattr(estimator, name))
    assert again._outcome.net is again.net_


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("scheduler", [None, *SCHEDULES])
@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_training_goes_on_as_if_nothing_had_happened(
    optimizer: str, scheduler: str | None, way: Way, tmp_path: Path
) -> None:
    settings = {"optimizer": optimizer, "scheduler": scheduler, "max_epochs": 8}
    estimator = small(**settings, dropout=0.2)
    estimator.partial_fit(X, LABELS).partial_fit(X, LABELS)
    again = way(estimator, tmp_path)
    for _ in range(3):
        estimator.partial_fit(X, LABELS)
        again.partial_fit(X, LABELS)
    assert torch.equal(weights(again), weights(estimator))
    assert again.history_["lr"].tolist() == estimator.history_["lr"].tolist()


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_state_of_every_optimizer_is_in_the_file(
    optimizer: str, tmp_path: Path
) -> None:
    estimator = small(optimizer=optimizer).fit(X, LABELS)
    again = through_file(estimator, tmp_path)
    estimator.partial_fit(X, LABELS)
    again.partial_fit(X, LABELS)
    assert torch.equal(weights(again), weights(estimator))


@pytest.mark.parametrize(
    "labels",
    [
        np.array(["a", "bc", "déf"]),
        np.array(["a", "bc", "déf"], dtype=object),
        np.array([False, True, True]),
        np.array([1, 2, 2**40]),
        np.array([-1, 1, 1], dtype=np.int8),
        np.array([0.5, 1.5, 2.5]) * 2,
    ],
    ids=["string", "object", "bool", "int64", "int8", "float"],
)
def test_classes_keep_values_and_type(labels: np.ndarray, tmp_path: Path) -> None:
    estimator = small().fit(X, labels[LABELS])
    again = through_file(estimator, tmp_path)
    assert again.classes_.dtype == estimator.classes_.dtype
    assert again.classes_.tolist() == estimator.classes_.tolist()
    assert again.predict(X).dtype == estimator.predict(X).dtype


def test_feature_names_are_checked_after_loading(tmp_path: Path) -> None:
    frame = pd.DataFrame(X, columns=[f"feature {i}" for i in range(16)])
    again = through_file(small().fit(frame, LABELS), tmp_path)
    with pytest.raises(ValueError, match="feature names should match"):
        again.predict(frame.iloc[:, ::-1])


def test_arguments_of_every_plain_kind_come_back(tmp_path: Path) -> None:
    params = {
        "hidden_layer_sizes": [np.int64(8), 4],
        "lr": np.float32(0.01),
        "class_weight": {0: 1.0, 1: 2, 2: np.float64(0.5)},
        "optimizer_params": {"betas": (0.8, 0.99), "amsgrad": True},
        "batch_size": np.int64(16),
        "memory": None,
    }
    again = through_file(small(**params).fit(X, LABELS), tmp_path).get_params()
    for name, value in params.items():
        assert repr(again[name]) == repr(value)


def test_saved_file_shows_what_it_holds_to_numpy(tmp_path: Path) -> None:
    small().fit(X, LABELS).save(tmp_path / "net.npz")
    with np.load(tmp_path / "net.npz", allow_pickle=False) as archive:
        assert "MLPClassifier" in archive["document"].tobytes().decode()


def test_same_estimator_is_saved_as_the_same_bytes(tmp_path: Path) -> None:
    estimator = small().fit(X, LABELS)
    estimator.save(tmp_path / "one.npz")
    through_pickle(estimator, tmp_path).save(str(tmp_path / "two.npz"))
    one, two = (tmp_path / name for name in ("one.npz", "two.npz"))
    assert one.read_bytes() == two.read_bytes()


def test_every_flipped_bit_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "net.npz"
    small().fit(X, LABELS).save(path)
    content = path.read_bytes()
    positions = np.random.default_rng(0).integers(0, 8 * len(content), 100)
    ends = [0, 8 * len(content) - 1, 8 * (len(content) - 64) - 1]
    for position in [*positions.tolist(), *ends]:
        damaged = bytearray(content)
        damaged[position // 8] ^= 1 << position % 8
        path.write_bytes(damaged)
        with pytest.raises(ValueError, match="its checksum is wrong"):
            MLPClassifier.load(path)


@pytest.mark.parametrize("share", [0, 0.01, 0.5, 0.99])
def test_shortened_file_is_refused(share: float, tmp_path: Path) -> None:
    path = tmp_path / "net.npz"
    small().fit(X, LABELS).save(path)
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(ValueError, match=r"must be a file written by MLPClassifier\."):
        MLPClassifier.load(path)


def test_files_of_others_are_refused_and_run_no_code(tmp_path: Path) -> None:
    class Payload:
        def __reduce__(self) -> tuple[Any, ...]:
            return (Path.touch, (tmp_path / "executed",))

    (tmp_path / "foreign.pkl").write_bytes(pickle.dumps(Payload()))
    np.savez(tmp_path / "foreign.npz", weights=np.ones(3))
    (tmp_path / "foreign.txt").write_text("weights = 1\n" * 20)
    for path in tmp_path.glob("foreign.*"):
        with pytest.raises(ValueError, match="checksum"):
            MLPClassifier.load(path)
    assert not (tmp_path / "executed").exists()


def test_pickled_array_in_a_file_with_a_right_checksum_is_not_read(
    tmp_path: Path,
) -> None:
    path = tmp_path / "net.npz"
    write_archive(path, {}, {"array_0": np.array([{"a": 1}], dtype=object)})
    with pytest.raises(ValueError, match="allow_pickle=False"):
        MLPClassifier.load(path)


@pytest.mark.parametrize("other", [MLPRegressor, CNNClassifier, NeuralNetwork])
def test_file_of_another_class_is_refused(other: type, tmp_path: Path) -> None:
    small().fit(X, LABELS).save(tmp_path / "net.npz")
    with pytest.raises(ValueError, match=r"holds a MLPClassifier.*MLPClassifier\.load"):
        other.load(tmp_path / "net.npz")  # type: ignore[attr-defined]


def test_arguments_that_need_pickle_are_named_all_at_once(tmp_path: Path) -> None:
    estimator = small(
        callbacks=[GradientNormClipping(1.0)],
        memory=joblib.Memory(None),
        random_state=np.random.RandomState(0),
    ).fit(X, LABELS)
    path = tmp_path / "net.npz"
    with pytest.raises(ValueError, match=r"(?s)callbacks=.*memory=.*random_state="):
        estimator.save(path)
    assert not path.exists()
    estimator.set_params(callbacks=None, memory=None, random_state=None).save(path)
    again = MLPClassifier.load(path)
    np.testing.assert_array_equal(again.predict_proba(X), estimator.predict_proba(X))


def test_unfitted_estimator_is_not_saved(tmp_path: Path) -> None:
    with pytest.raises(NotFittedError):
        small().save(tmp_path / "net.npz")


def test_failed_save_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError, match="folder"):
        small().fit(X, LABELS).save(tmp_path / "folder")
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]


def test_reader_never_meets_a_half_written_file(tmp_path: Path) -> None:
    path = tmp_path / "net.npz"
    estimators = [small(random_state=seed).fit(X, LABELS) for seed in (0, 1)]
    estimators[0].save(path)
    done = threading.Event()

    def save_in_turn() -> None:
        while not done.is_set():
            for estimator in estimators:
                estimator.save(path)

    writer = threading.Thread(target=save_in_turn)
    writer.start()
    try:
        seeds = {MLPClassifier.load(path).random_state for _ in range(40)}
    finally:
        done.set()
        writer.join()
    assert seeds == {0, 1}
    assert [file.name for file in tmp_path.iterdir()] == ["net.npz"]


@pytest.mark.parametrize("package", ["skhyper", "torch"])
def test_file_of_another_version_warns(package: str, tmp_path: Path) -> None:
    path = tmp_path / "net.npz"
    estimator = small().fit(X, LABELS)
    estimator.save(path)
    document, arrays = read_archive(path, "MLPClassifier.save")
    document["versions"][package] = "0.0.1"
    write_archive(path, document, arrays)
    message = rf"MLPClassifier was stored by .*{package} 0\.0\.1"
    with pytest.warns(InconsistentVersionWarning, match=message):
        again = MLPClassifier.load(path)
    np.testing.assert_array_equal(again.predict(X), estimator.predict(X))


def test_pickle_of_another_version_warns() -> None:
    content = pickle.dumps(small().fit(X, LABELS))
    version = torch.__version__.split("+")[0].encode()
    assert content.count(version) == 1
    other = content.replace(version, b"0" * len(version))
    with pytest.warns(InconsistentVersionWarning, match="torch 000"):
        pickle.loads(other)


def test_file_of_a_later_format_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "net.npz"
    small().fit(X, LABELS).save(path)
    document, arrays = read_archive(path, "MLPClassifier.save")
    write_archive(path, {**document, "format": 99}, arrays)
    with pytest.raises(ValueError, match="Got the format 99"):
        MLPClassifier.load(path)


def test_pickle_is_smaller_than_that_of_scikit_learn() -> None:
    rng = np.random.default_rng(0)
    features, labels = rng.normal(size=(500, 64)), rng.integers(0, 10, 500)
    features = features.astype(np.float32)
    ours = MLPClassifier(max_epochs=5, random_state=0).fit(features, labels)
    theirs = PerceptronOfScikitLearn(n_iter_no_change=2, tol=1e9)
    theirs.fit(features, labels)
    # The weights and Adam's two averages of them, each once, and no row of data.
    n_weights = 64 * 100 + 100 + 100 * 10 + 10
    size = len(pickle.dumps(ours))
    assert 3 * 4 * n_weights < size < 3 * 4 * n_weights + 20_000
    assert size < len(pickle.dumps(theirs))


# The tag that torch writes into files for tensors on a GPU, put there without one.
ON_A_GPU = """
import pickle, sys
import numpy as np, torch
from skhyper import MLPClassifier
rng = np.random.default_rng(0)
X, y = rng.normal(size=(70, 16)).astype(np.float32), rng.integers(0, 3, 70)
net = MLPClassifier(max_epochs=3, random_state=0, batch_size=16).fit(X, y)
expected = net.predict_proba(X)
net.net_.device = net.device_ = "cuda:0"
net.save(sys.argv[1] + "/net.npz")
torch.serialization.register_package(0, lambda s: "cuda:0", lambda s, location: None)
for name, thing in ("net", net), ("module", net.net_.module_):
    with open(f"{sys.argv[1]}/{name}.pkl", "wb") as file:
        pickle.dump(thing, file)
np.save(sys.argv[1] + "/expected.npy", expected)
"""


def test_net_of_a_gpu_comes_quietly_to_a_machine_without(tmp_path: Path) -> None:
    if torch.cuda.is_available():
        pytest.skip("this machine has a GPU, so that nothing has to move")
    subprocess.run([sys.executable, "-c", ON_A_GPU, str(tmp_path)], check=True)
    expected = np.load(tmp_path / "expected.npy")
    with pytest.raises(RuntimeError, match="CUDA"):
        pickle.loads((tmp_path / "module.pkl").read_bytes())
    for again in (
        pickle.loads((tmp_path / "net.pkl").read_bytes()),
        MLPClassifier.load(tmp_path / "net.npz"),
    ):
        assert again.device_ == again.net_.device == "cpu"
        np.testing.assert_array_equal(again.predict_proba(X), expected)
        again.partial_fit(X, LABELS)
        assert again.n_iter_ == 4


def trainings(folder: Path) -> int:
    return len(list(folder.rglob("*.safetensors")))


def test_cached_fit_gives_the_same_bits(tmp_path: Path) -> None:
    plain = small(dropout=0.2, early_stopping=True).fit(X, LABELS)
    for _ in range(2):
        cached = small(dropout=0.2, early_stopping=True, memory=tmp_path)
        cached.fit(X, LABELS)
        assert torch.equal(weights(cached), weights(plain))
        assert cached.best_epoch_ == plain.best_epoch_
    assert trainings(tmp_path) == 1


def test_cache_tells_data_arguments_and_seeds_apart(tmp_path: Path) -> None:
    memory = joblib.Memory(tmp_path, verbose=0)
    small(memory=memory).fit(X, LABELS)
    small(memory=memory).fit(X + 1, LABELS)
    small(memory=memory).fit(X, LABELS[::-1])
    small(memory=memory).fit(X, LABELS, sample_weight=1 + np.arange(70))
    small(memory=memory).fit(X, LABELS, X_val=X[:9], y_val=LABELS[:9])
    small(memory=memory, lr=0.1).fit(X, LABELS)
    small(memory=memory, random_state=1).fit(X, LABELS)
    small(memory=memory, callbacks=[GradientNormClipping(1.0)]).fit(X, LABELS)
    small(memory=memory, callbacks=[GradientNormClipping(2.0)]).fit(X, LABELS)
    assert trainings(tmp_path) == 9


@pytest.mark.filterwarnings("ignore:No other fit will find")
def test_fits_without_a_seed_never_share_a_cached_training(tmp_path: Path) -> None:
    one, two = (
        small(memory=str(tmp_path), random_state=None).fit(X, LABELS) for _ in range(2)
    )
    assert not torch.equal(weights(one), weights(two))


def test_warm_start_goes_on_from_its_own_weights_with_a_cache(tmp_path: Path) -> None:
    plain, cached = small(warm_start=True), small(warm_start=True, memory=str(tmp_path))
    for _ in range(3):
        plain.fit(X, LABELS)
        cached.fit(X, LABELS)
        assert torch.equal(weights(cached), weights(plain))


IN_A_FRESH_PROCESS = """
import sys, warnings
warnings.simplefilter("error")
import numpy as np
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from skhyper import MLPClassifier
rng = np.random.default_rng(0)
X, y = rng.normal(size=(70, 16)).astype(np.float32), rng.integers(0, 3, 70)
net = MLPClassifier(8, max_epochs=3, random_state=0, memory=sys.argv[1])
pipe = make_pipeline(StandardScaler(), net)
GridSearchCV(pipe, {"mlpclassifier__lr": [0.01, 0.1]}, cv=2).fit(X, y)
"""


def test_search_in_a_fresh_process_finds_the_cached_trainings(tmp_path: Path) -> None:
    net = MLPClassifier(8, max_epochs=3, random_state=0, memory=str(tmp_path))
    pipe = make_pipeline(StandardScaler(), net)
    search = GridSearchCV(pipe, {"mlpclassifier__lr": [0.01, 0.1]}, cv=2)
    search.fit(X, LABELS)
    assert trainings(tmp_path) == 5
    run = subprocess.run(
        [sys.executable, "-c", IN_A_FRESH_PROCESS, str(tmp_path)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert (run.stdout, run.stderr) == ("", "")
    assert trainings(tmp_path) == 5


def test_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    net = MLPClassifier(max_epochs=1).fit([[0.0], [1.0]], [0, 1])
    with pytest.raises(FileNotFoundError) as error:
        net.save(tmp_path / "missing" / "net.npz")
    assert str(error.value).endswith(f"Create {str(tmp_path / 'missing')!r} first.")
    with pytest.raises(IsADirectoryError, match="must not be a folder"):
        net.save(tmp_path)
    assert not list(tmp_path.iterdir())
