"""What the peers share: settings in, seconds of a call, JSON out. Times as ours/child.ts does."""

import json
import resource
import statistics
import sys
import time


def read_settings():
    return json.loads(sys.argv[1])


def report(measured):
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({**measured, "peakRssMB": peak}))


def seconds_per_call(call, warmup_calls=2, least_calls=5, least_seconds=0.4):
    for _ in range(warmup_calls):
        call()
    times = []
    while len(times) < least_calls or sum(times) < least_seconds:
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return statistics.median(times)
