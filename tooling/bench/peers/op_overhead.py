"""PyTorch's side of `bench op-overhead`: microseconds of an op on one number, called from Python."""

import statistics
import time

import torch
from peer import report

WARMUP_CALLS, CALLS, BLOCKS = 20_000, 2000, 15
torch.set_num_threads(1)
a, b, matrix = torch.tensor(1.0), torch.tensor(2.0), torch.ones(1, 1)


def microseconds_per_call(op):
    for _ in range(WARMUP_CALLS):
        op()
    times = []
    for _ in range(BLOCKS):
        start = time.perf_counter()
        for _ in range(CALLS):
            op()
        times.append(1e6 * (time.perf_counter() - start) / CALLS)
    return statistics.median(times)


report({
    "add": {"microseconds": microseconds_per_call(lambda: torch.add(a, b))},
    "exp": {"microseconds": microseconds_per_call(lambda: torch.exp(a))},
    "reshape": {"microseconds": microseconds_per_call(lambda: torch.reshape(a, (1, 1)))},
    "matMul": {"microseconds": microseconds_per_call(lambda: torch.mm(matrix, matrix))},
})
