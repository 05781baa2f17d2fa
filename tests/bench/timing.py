"""What the benchmarks share: seconds of a piece of work, and pairs of them as ratios."""

import statistics
import time
from collections.abc import Callable


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def compare(pairs: list[tuple[float, float]], ours: str, theirs: str, bar: float) -> None:
    """Print the medians of pairs of seconds, and the median and range of their ratios."""
    mine, other = (statistics.median(column) for column in zip(*pairs, strict=True))
    ratios = sorted(a / b for a, b in pairs)
    print(f"{ours} {mine:.2f} s, {theirs} {other:.2f} s, medians of {len(pairs)} pairs")
    middle = statistics.median(ratios)
    print(f"ratio {middle:.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f}); bar: {bar:g}")
