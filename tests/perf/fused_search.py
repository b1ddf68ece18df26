"""Time fused searches against the same searches by skorch, scikit-learn and by hand.

Run it by ``python tests/perf/fused_search.py``, alone and on a quiet machine; ``--rows
digits eta/tiny`` chooses some of the rows. Whatever is compared takes turns in one
process, after a round that is not counted. What is printed is the median over the
rounds with its range, of CPU time on one thread unless the row says otherwise. A ratio
to others is their time divided by ours. With ``--device cuda`` ours, skorch's and the
loop by hand train on the card, and all times are those of the wall clock.
"""

import argparse
import os
import platform
import textwrap
import warnings
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import sklearn
import skorch
import torch
from figure import write_figure
from measures import Settings
from rows import EXPERIMENTS, chosen_rows
from searches import Size
from sklearn.exceptions import ConvergenceWarning
from threadpoolctl import threadpool_limits
from timing import spread

QUICK = {"epochs": 2, "share": 0.1}


def print_machine(settings: Settings) -> None:
    """Print what is measured on, and with what."""
    device = settings.size.device
    card = f", {torch.cuda.get_device_name()}" if device == "cuda" else ""
    print(f"{processor()}, {os.cpu_count()} cores{card}, {platform.system()}")
    print(
        f"Python {platform.python_version()}, torch {torch.__version__}, skorch "
        f"{skorch.__version__}, scikit-learn {sklearn.__version__}; {settings.rounds} "
        f"rounds, {settings.size.epochs} epochs"
    )


def processor() -> str:
    """Give the name of the processor."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.split(":")[1] for line in lines if line.startswith("model name")]
    return names[0].strip() if names else platform.processor()


def print_rows(settings: Settings, rows: list[str]) -> None:
    """Measure the chosen rows, and print each as soon as it is known."""
    print(f"\n{'row':24}{'aim':>8}{'median':>9}{'range':>18}")
    for name, experiment in EXPERIMENTS.items():
        asked = [row for row in experiment.rows if f"{name}/{row}" in rows]
        if not asked:
            continue
        print(f"\n{experiment.title}", flush=True)
        measured = experiment.measure(settings, asked)
        for row, ratios in measured.ratios.items():
            aim = experiment.aim(row, settings.size.device)
            median, extremes = spread(ratios, ".2f")
            print(f"{name + '/' + row:24}{aim:>8}{median:>9}{extremes:>18}")
        print(textwrap.indent(textwrap.fill(measured.remark, 86), "  "), flush=True)


def read_arguments() -> argparse.Namespace:
    """Read and check what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--rows", nargs="+", metavar="ROW", help="rows, or their groups"
    )
    parser.add_argument("--rounds", type=int, default=5, help="rounds that count")
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--mnist", type=Path, help="folder of the images, as IDX files")
    parser.add_argument(
        "--quick", action="store_true", help="see that all runs; the ratios say nothing"
    )
    parser.add_argument(
        "--figure",
        type=Path,
        help="write seconds against candidates to this file instead; "
        "its suffix may be that of a figure or .csv",
    )
    arguments = parser.parse_args()
    if arguments.device == "cuda" and not torch.cuda.is_available():
        parser.error("--device cuda needs a card that torch can use")
    try:
        arguments.rows = chosen_rows(arguments.rows, arguments.device)
    except ValueError as error:
        parser.error(str(error))
    return arguments


def main() -> None:
    """Print the table, or write the figure."""
    arguments = read_arguments()
    size = Size(arguments.device, **(QUICK if arguments.quick else {}))
    rounds = 1 if arguments.quick else arguments.rounds
    settings = Settings(size, rounds, arguments.mnist)
    torch.set_num_threads(1)
    warnings.simplefilter("ignore", ConvergenceWarning)
    with threadpool_limits(1):
        print_machine(settings)
        if arguments.figure is not None:
            write_figure(arguments.figure, size)
        else:
            print_rows(settings, arguments.rows)


if __name__ == "__main__":
    main()
