"""Measure the server: processor time, latency and memory, beside other ways to answer.

In turns, with the same image files: our server with each engine, the server of another commit
(`--commit`, or `--peer TREE`, a worktree), and LiteRT and the SavedModel called in one process with
Pillow in threads. Before, every original file of the test split is asked by HTTP and held against
what evaluate noted.

`python benchmarks/serving.py [--stages FOLDER]`: the flowers go through all stages first, unless
a folder holds what they made of something. `--minutes N` asks meanwhile switching versions, with
workers killed and damaged versions offered, instead. Processor seconds are those of a server's
whole process tree.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict
from pathlib import Path

from measuring import DATA, REPOSITORY, WEIGHTS, conditions
from serving_contestants import OTHER, OURS, Measure, NoServerError, Tally, called, lay_out, server
from stages import other_tree, run_stages

from sightline.stage.formats.bundle import read_info

sys.path.insert(0, str(REPOSITORY))

from tests.sightline.serving.churn import Pace, churn
from tests.sightline.serving.evaluated import compare_with_evaluation

RATE = "images_per_processor_second"
LEAST = {"litert_to_peer": 1.6, "litert_int8_to_peer": 2.0, "litert_to_bare": 0.8}
MOST = {"p50_to_bare": 1.4, "p99_to_p50": 4.0}
MOST_DIFFERENCE = 1e-3
SWITCH_SECONDS, KILL_SECONDS, DAMAGE_SECONDS = 20, 30, 60
Figures = Mapping[str, float | int]


def main() -> None:
    """Run the benchmark and print its result, a JSON object in the last line."""
    arguments = parse()
    with tempfile.TemporaryDirectory() as scratch, ExitStack() as running:
        if arguments.minutes:
            return print_churn(Path(scratch) / "models", arguments.minutes)
        stages = arguments.stages
        if stages is None:
            stages = Path(scratch) / "stages"
            run_stages(REPOSITORY, stages, photos=DATA / "flowers", weights=WEIGHTS)
        models = Path(scratch) / "models"
        lay_out(next(stages.glob("*/bundle")), models / "1")
        contestants: dict[str, Measure] = {}
        equality = {}
        for engine in arguments.engines:
            serving = server(OURS, REPOSITORY, models, engine, photos=models / "1")
            ours = running.enter_context(serving)
            contestants[engine] = ours.measure
            equality[engine] = equal_to_evaluated(ours.address, models / "1", stages)
            print(f"{engine}, the test split beside evaluate's answers: {equality[engine]}")
        if tree := running.enter_context(peer_tree(arguments)):
            with suppress(NoServerError):
                served = peer_models(arguments, tree, Path(scratch))
                serving = server(OTHER, tree, served, "", photos=models / "1")
                contestants["peer"] = running.enter_context(serving).measure
        contestants["bare"] = running.enter_context(called(models / "1", "litert"))
        contestants["saved-model"] = running.enter_context(called(models / "1", "tensorflow"))
        results = compete(contestants, arguments)
    report(results, equality, arguments)


def parse() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stages", type=Path, help="what run_stages of benchmarks/stages.py left")
    parser.add_argument("--commit", default="f63834a", help="of the peer; nothing for none")
    parser.add_argument("--peer", type=Path, help="tree of the peer, such as a worktree")
    parser.add_argument("--peer-stages", type=Path, help="what the peer left there")
    parser.add_argument("--engines", nargs="*", default=["litert", "litert-int8"])
    parser.add_argument("--clients", type=int, nargs="*", default=[1, 8, 32])
    parser.add_argument("--images", type=int, nargs="*", default=[1, 8], help="in a request")
    parser.add_argument("--seconds", type=float, default=4.0, help="of a contestant in a round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--minutes", type=float, help="of switches, deaths and damaged versions")
    return parser.parse_args()


@contextmanager
def peer_tree(arguments: argparse.Namespace) -> Iterator[Path | None]:
    """Give the tree of the peer, checked out where there is none yet."""
    if arguments.peer or not arguments.commit:
        yield arguments.peer
        return
    with other_tree(arguments.commit) as tree:
        yield tree


def peer_models(arguments: argparse.Namespace, tree: Path, scratch: Path) -> Path:
    """Lay out a bundle that the peer made itself of the flowers: it may not know ours."""
    stages = arguments.peer_stages
    if stages is None:
        stages = scratch / "peer-stages"
        run_stages(tree, stages, photos=DATA / "flowers", weights=WEIGHTS)
    models = scratch / "peer-models"
    lay_out(next(stages.glob("*/bundle")), models / "1")
    return models


def equal_to_evaluated(address: str, version: Path, stages: Path) -> dict[str, float]:
    """Compare a server's answers to the whole test split with evaluate's."""
    dataset, evaluation = (next(stages.glob(f"*/{name}")) for name in ("cleaned", "evaluation"))
    name = read_info(version).model_name
    return asdict(compare_with_evaluation(address, name, dataset, evaluation))


def print_churn(models: Path, minutes: float) -> None:
    """Print how many answers were lost or wrong."""
    models.mkdir()
    pace = Pace(lasts=60 * minutes, switch=SWITCH_SECONDS, kill=KILL_SECONDS, damage=DAMAGE_SECONDS)
    happened = churn(models, pace, num_clients=8)
    failed = happened.num_lost + happened.num_wrong
    result = {
        "name": "serving-churn",
        "ours": failed,
        "peer": len(happened.answers),
        "ratio": failed / max(1, len(happened.answers)),
        "target": 0,
        "holds": failed == 0,
        "lost": happened.num_lost,
        "wrong": happened.num_wrong,
        "said_instead": dict(happened.reasons.most_common(10)),
        "conditions": conditions(
            unit="answers lost or wrong, of all",
            minutes=minutes,
            switches=happened.num_switches,
            killed=happened.num_killed,
            damaged=happened.num_damaged,
            longest_pause_of_the_machine=round(happened.longest_pause, 1),
        ),
    }
    print(json.dumps(result))


def compete(
    contestants: Mapping[str, Measure], arguments: argparse.Namespace
) -> dict[str, Figures]:
    """Let each contestant work for a while, in turns, so that what else runs meets all."""
    results: dict[str, Figures] = {}
    shapes = [(clients, together) for clients in arguments.clients for together in arguments.images]
    for clients, together in shapes:
        tallies = {name: Tally() for name in contestants}
        for _ in range(arguments.rounds):
            for name, measure in contestants.items():
                measure(clients, together, arguments.seconds, tallies[name])
        for name, tally in tallies.items():
            results[label(name, clients, together)] = tally.figures()
            print(f"{label(name, clients, together)}: {tally.figures()}", flush=True)
            for error in tally.errors[:3]:
                print(f"  {error}")
    return results


def label(name: str, clients: int, together: int) -> str:
    """Name a contestant at work."""
    return f"{name}, clients {clients}, images {together}"


def report(
    results: Mapping[str, Figures],
    equality: Mapping[str, Mapping[str, float]],
    arguments: argparse.Namespace,
) -> None:
    """Print what was measured, and whether it is what is wanted, at 8 clients or the most below."""
    clients = max((one for one in arguments.clients if one <= 8), default=arguments.clients[0])
    together = arguments.images[0]
    ratios = ratios_of(results, clients, together)
    holds = {name: ratios[name] >= least for name, least in LEAST.items() if name in ratios}
    holds |= {name: ratios[name] <= most for name, most in MOST.items() if name in ratios}
    if same := equality.get("litert"):
        difference = same["largest_difference"]
        holds["equal"] = same["same_class"] == 1 and difference <= MOST_DIFFERENCE
    rates = [
        results.get(label(name, clients, together), {}).get(RATE) for name in ("litert", "bare")
    ]
    result = {
        "name": "serving",
        "ours": rates[0],
        "peer": rates[1],
        "ratio": ratios.get("litert_to_bare"),
        "target": LEAST["litert_to_bare"],
        "holds": all(holds.values()),
        "each_holds": holds,
        "ratios": ratios,
        "targets": LEAST | MOST,
        "equality": equality,
        "results": results,
        "conditions": conditions(
            unit="images per processor second",
            peer="LiteRT in one process with Pillow in threads",
            clients=clients,
            images=together,
            rounds=arguments.rounds,
            seconds=arguments.seconds,
        ),
    }
    print(json.dumps(result))


def ratios_of(results: Mapping[str, Figures], clients: int, together: int) -> dict[str, float]:
    """Compare contestants that took part."""
    ratios = {}
    for name, (ours, ours_clients, kind), (other, other_clients, other_kind) in (
        ("litert_to_peer", ("litert", clients, RATE), ("peer", clients, RATE)),
        ("litert_int8_to_peer", ("litert-int8", clients, RATE), ("peer", clients, RATE)),
        ("litert_to_bare", ("litert", clients, RATE), ("bare", clients, RATE)),
        ("litert_to_saved_model", ("litert", clients, RATE), ("saved-model", clients, RATE)),
        ("p50_to_bare", ("litert", 1, "p50_ms"), ("bare", 1, "p50_ms")),
        ("p99_to_p50", ("litert", clients, "p99_ms"), ("litert", clients, "p50_ms")),
    ):
        upper = results.get(label(ours, ours_clients, together), {}).get(kind)
        lower = results.get(label(other, other_clients, together), {}).get(other_kind)
        if upper is not None and lower:
            ratios[name] = round(upper / lower, 3)
    return ratios


if __name__ == "__main__":
    main()
