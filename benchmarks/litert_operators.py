"""Where the int8 model of a bundle takes its time, operator by operator, beside the one in floats.

`python benchmarks/litert_operators.py BUNDLE [--rounds 6]`: each operator becomes a model by itself
and is asked on one thread, in turns with those of the other model; the best of the rounds counts.
`left` are operators that XNNPACK, LiteRT's fast kernels, does not take. Processors without
instructions for int8 (VNNI, or ASIMDDP on ARM) multiply int8 no faster than floats and round every
result in addition. One JSON line comes last.
"""

import argparse
import json
import math
import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ai_edge_litert.interpreter import Interpreter
from ai_edge_litert.tools import flatbuffer_utils
from measuring import conditions

from sightline.stage.answering.litert import FLOAT_FILE, INT8_FILE

FOR_INT8 = ("avx512_vnni", "avx_vnni", "asimddp", "i8mm")
CALLS = 5
NAMES = {number: name for name, number in vars(flatbuffer_utils.schema_fb.BuiltinOperator).items()}


@dataclass(slots=True)
class Operator:
    """One operator of a network, as a model of its own."""

    kind: str
    interpreter: Any
    is_left: bool
    best_ms: float = math.inf

    def measure(self) -> None:
        """Ask it some times."""
        self.interpreter.invoke()
        began = time.thread_time()
        for _ in range(CALLS):
            self.interpreter.invoke()
        self.best_ms = min(self.best_ms, 1000 * (time.thread_time() - began) / CALLS)


def main() -> None:
    """Measure both models and print the table and the JSON line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bundle", type=Path)
    parser.add_argument("--rounds", type=int, default=6)
    arguments = parser.parse_args()
    models = {
        "ours": operators(arguments.bundle / INT8_FILE),
        "peer": operators(arguments.bundle / FLOAT_FILE),
    }
    for _ in range(arguments.rounds):
        for both in models.values():
            for one in both:
                one.measure()
    figures = {name: by_kind(found) for name, found in models.items()}
    print(f"{'operator':<20}{'int8 ms':>10}{'float ms':>10}{'int8 left':>11}")
    for kind, (milliseconds, left) in figures["ours"].items():
        other = figures["peer"].get(kind, (0.0, 0))[0]
        print(f"{kind:<20}{milliseconds:>10.2f}{other:>10.2f}{left:>11}")
    ours, peer = (sum(one.best_ms for one in found) for found in models.values())
    flags = Path("/proc/cpuinfo").read_text().split()
    result = {
        "name": "litert_operators",
        "ours": round(ours, 2),
        "peer": round(peer, 2),
        "ratio": round(ours / peer, 3),
        "target": 1.0,
        "holds": ours <= peer,
        "operators": figures,
        "conditions": conditions(
            unit="milliseconds an image, one thread, int8 beside float",
            instructions_for_int8=[flag for flag in FOR_INT8 if flag in flags],
            rounds=arguments.rounds,
        ),
    }
    print(json.dumps(result))


def operators(path: Path) -> list[Operator]:
    """Cut a model into its operators."""
    model = flatbuffer_utils.read_model(str(path))
    graph, model.signatureDefs = model.subgraphs[0], []
    found = []
    for operator in list(graph.operators):
        code = model.operatorCodes[operator.opcodeIndex]
        given = [index for index in operator.inputs if index >= 0]
        graph.operators, graph.outputs = [operator], list(operator.outputs)
        graph.inputs = [
            index for index in given if not has_data(model.buffers[graph.tensors[index].buffer])
        ]
        content = bytes(flatbuffer_utils.convert_object_to_bytearray(model))
        interpreter = Interpreter(model_content=content, num_threads=1)
        interpreter.allocate_tensors()
        taken = {one["op_name"] for one in interpreter._get_ops_details()}
        kind = NAMES[max(code.builtinCode, code.deprecatedBuiltinCode)]
        if kind == "CONV_2D":
            kind += " {}x{}".format(*graph.tensors[given[1]].shape[1:3])
        found.append(Operator(kind, interpreter, "DELEGATE" not in taken))
    return found


def has_data(buffer: Any) -> bool:
    """Tell whether a tensor comes with the model, and not from the operator before."""
    return buffer.data is not None and len(buffer.data) > 0


def by_kind(found: list[Operator]) -> dict[str, tuple[float, int]]:
    """Return milliseconds of all operators of a kind, and how many of them are left."""
    sums: dict[str, list[float]] = defaultdict(lambda: [0.0, 0])
    for one in found:
        sums[one.kind][0] += one.best_ms
        sums[one.kind][1] += one.is_left
    ordered = sorted(sums.items(), key=lambda item: -item[1][0])
    return {kind: (round(total, 2), int(left)) for kind, (total, left) in ordered}


if __name__ == "__main__":
    main()
