"""Predicts the rows of a CSV (the columns of `bud-sim validate`) with AIConfigurator and GenZ, and times AIConfigurator's search.

    python3 -m venv peers && peers/bin/pip install aiconfigurator==0.12.0 genz-llm==0.0.16 'setuptools<81'
    node --conditions=bud-source benchmarks/sim/write-sample.ts > sample.csv
    peers/bin/python benchmarks/sim/peers/predict-rows.py sample.csv predicted.json 600
    node --conditions=bud-source benchmarks/sim/peers/score-peers.ts predicted.json

The last number is the most seconds for each tool; each device and engine gets its part of it, and a random part of its rows.
Vidur is on PyPI too (0.0.26), but its package holds none of the profiles that it predicts from, so that it predicts no row.
"""
import contextlib
import csv
import io
import json
import logging
import random
import subprocess
import sys
import time
import warnings
from collections import Counter
from importlib.metadata import version
from pathlib import Path

warnings.filterwarnings("ignore")
logging.disable(logging.CRITICAL)

# Datasheets of what GenZ has no entry for, in its units: TFLOPS in 16 bits, GB, GB/s, GB/s of one direction.
GENZ_SYSTEMS = {
    "h100_sxm": "H100_GPU",
    "h200_sxm": {"Flops": 989, "Memory_size": 141, "Memory_BW": 4800, "ICN": 450, "real_values": True},
    "b200_sxm": {"Flops": 2250, "Memory_size": 180, "Memory_BW": 8000, "ICN": 900, "real_values": True},
    "gb200": {"Flops": 2500, "Memory_size": 186, "Memory_BW": 8000, "ICN": 900, "real_values": True},
}
GENZ_BITS = {"fp8": "int8", "fp4": "int4", "": "bf16"}


def estimate_aiconfigurator(row):
    from aiconfigurator.cli.api import cli_estimate
    from aiconfigurator.sdk.models import check_is_moe

    tp, dp, ep = int(row["tp"]), int(row["dp"]), int(row["ep"])
    experts = {"moe_tp_size": tp * dp // ep, "moe_ep_size": ep} if check_is_moe(row["model"]) else {}
    modes = {"fp8": {"gemm_quant_mode": "fp8_block" if row["model"].endswith("-FP8") or "MiniMax" in row["model"] else "fp8"}}
    quantized = {} if "gpt-oss" in row["model"] else modes.get(row["precision"], {})
    if row["precision"] == "fp4" and "gpt-oss" not in row["model"]:
        quantized = {"gemm_quant_mode": "nvfp4", "moe_quant_mode": "nvfp4"} if experts else {"gemm_quant_mode": "nvfp4"}
    elif quantized and experts:
        quantized = {**quantized, "moe_quant_mode": quantized["gemm_quant_mode"]}
    if row["kv_precision"]:
        quantized["kvcache_quant_mode"] = row["kv_precision"]
    result = cli_estimate(
        row["model"],
        row["hardware"],
        backend_name=row["engine"],
        isl=int(row["isl"]),
        osl=int(row["osl"]),
        batch_size=max(1, int(row["concurrency"]) // dp),
        tp_size=tp,
        pp_size=int(row["pp"]),
        attention_dp_size=dp,
        **experts,
        **quantized,
    )
    return float(result.ttft), float(result.tpot)


def estimate_genz(row):
    """GenZ knows single steps only: a prompt alone, and decoding with as many sequences as requests are in flight."""
    from GenZ import decode_moddeling, prefill_moddeling

    if int(row["dp"]) > 1:
        raise ValueError("no data-parallel attention")
    common = {
        "model": row["model"].removesuffix("-Instruct").removesuffix("-FP8"),
        "system_name": GENZ_SYSTEMS[row["hardware"]],
        "bits": GENZ_BITS[row["precision"]],
        "tensor_parallel": int(row["tp"]) // int(row["ep"]) if int(row["ep"]) > 1 else int(row["tp"]),
        "expert_parallel": int(row["ep"]),
    }
    isl, osl = int(row["isl"]), int(row["osl"])
    first = prefill_moddeling(batch_size=1, input_tokens=isl, **common)["Latency"]
    each = decode_moddeling(batch_size=int(row["concurrency"]), input_tokens=isl, output_tokens=osl // 2, Bb=1, **common)["Latency"]
    return float(first), float(each)


def predict_all(rows, estimate, limit_seconds):
    predicted, refused = [], Counter()
    started = time.monotonic()
    order = list(range(len(rows)))
    random.Random(1).shuffle(order)
    # One after the other, because tables are loaded for each; every device and engine gets its part of the time.
    order.sort(key=lambda index: (rows[index]["hardware"], rows[index]["engine"]))
    groups = list(dict.fromkeys((rows[index]["hardware"], rows[index]["engine"]) for index in order))
    for index in order:
        group = groups.index((rows[index]["hardware"], rows[index]["engine"]))
        if time.monotonic() - started > limit_seconds * (group + 1) / len(groups):
            refused["not reached in time"] += 1
            continue
        row = rows[index]
        try:
            with contextlib.redirect_stdout(io.StringIO()):
                first, each = estimate(row)
            if not (first > 0 and each > 0):
                raise ValueError("no positive time")
            predicted.append({"row": index, "ttftMs": first, "tpotMs": each})
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt):
                raise
            refused[f"{type(error).__name__}: {str(error).splitlines()[0][:90] if str(error) else ''}"] += 1
    return {"predicted": predicted, "refused": dict(refused.most_common(12)), "seconds": time.monotonic() - started}


def time_search():
    """The reference problem: Qwen3-32B in FP8 on 32 H200, aggregated and disaggregated, in a new process."""
    command = [str(Path(sys.executable).with_name("aiconfigurator")), "cli", "default"]
    command += ["--model", "Qwen/Qwen3-32B-FP8", "--total-gpus", "32", "--system", "h200_sxm"]
    started = time.monotonic()
    output = subprocess.run(command, capture_output=True, text=True, timeout=300)
    seconds = time.monotonic() - started
    inside = [line for line in (output.stdout + output.stderr).splitlines() if "All experiments completed in" in line]
    return {"processSeconds": seconds, "searchSeconds": float(inside[0].split("completed in")[1].split()[0]) if inside else None}


def main():
    with open(sys.argv[1], newline="") as file:
        rows = list(csv.DictReader(file))
    limit = float(sys.argv[3]) if len(sys.argv) > 3 else 600
    results = {
        "genz": {"version": version("genz-llm"), **predict_all(rows, estimate_genz, limit)},
        "aiconfigurator": {"version": version("aiconfigurator"), "search": time_search(), **predict_all(rows, estimate_aiconfigurator, limit)},
    }
    Path(sys.argv[2]).write_text(json.dumps(results))
    for name, result in results.items():
        print(name, result["version"], len(result["predicted"]), "of", len(rows), result["refused"], result.get("search"))


main()
