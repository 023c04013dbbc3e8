"""``ganaug bench``: ganaug beside its own stages and the baselines, on the user's table."""

from __future__ import annotations

from . import options
from .output import emit_json, show_table, tell
from .progress import live_progress

EXAMPLES = """
[bold]Examples[/bold]
ganaug bench data.csv --target outcome --time-budget 60
ganaug bench data.csv --json > bench.json
"""


def bench(
    data: options.TableFile,
    target: options.Target = None,
    time_budget: options.TimeBudget = 120.0,
    seed: options.Seed = 0,
    as_json: options.AsJson = False,
) -> None:
    """Compare ganaug, its stages and its baselines on your own table."""
    from ganaug.benchmark import benchmark
    from ganaug.data.files import read_table

    with live_progress() as draw:
        results = benchmark(
            read_table(data), target=target, time_budget=time_budget, random_state=seed, on_progress=draw
        )
    show_table(results)
    memory = peak_memory()
    tell(f"peak memory {memory:,.0f} MB")
    if as_json:
        emit_json({"command": "bench", "exit_code": 0, "peak_memory_mb": memory, "results": results})


def peak_memory() -> float:
    """Return the largest memory this process has held, in MB (10**6 bytes)."""
    import resource
    import sys

    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6
