"""Reads a dataset by batches in worker processes: torch's DataLoader, or its like on shared memory where torch is absent."""

import copy
import multiprocessing
import random
from multiprocessing import shared_memory

import numpy

PREFETCH_BATCHES = 2


def load(dataset, batch, workers):
    """Yields each batch's number of samples, in a random order of samples."""
    try:
        from torch.utils.data import DataLoader
    except ImportError:
        yield from load_shared(dataset, batch, workers)
        return
    loader = DataLoader(
        dataset,
        batch,
        shuffle=True,
        drop_last=True,
        num_workers=workers,
        prefetch_factor=PREFETCH_BATCHES if workers else None,
    )
    for images in loader:
        yield len(images)


def load_shared(dataset, batch, workers):
    order = list(range(len(dataset)))
    random.Random(0).shuffle(order)
    batches = [order[start : start + batch] for start in range(0, len(order) - batch + 1, batch)]
    if workers == 0:
        for indices in batches:
            yield len(numpy.stack([dataset[index] for index in indices]))
        return
    first = numpy.asarray(copy.copy(dataset)[0])  # Processes must not share the file that this opens.
    slots = [shared_memory.SharedMemory(create=True, size=first.nbytes * batch) for _ in range(PREFETCH_BATCHES * workers)]
    context = multiprocessing.get_context("fork")
    tasks, done = context.Queue(), context.Queue()

    def work():
        while (task := tasks.get()) is not None:
            slot, indices = task
            images = numpy.ndarray((batch, *first.shape), first.dtype, buffer=slots[slot].buf)
            try:
                for position, index in enumerate(indices):
                    images[position] = dataset[index]
            except Exception as error:  # noqa: BLE001  (the parent would wait for ever)
                slot = error
            done.put(slot)

    processes = [context.Process(target=work, daemon=True) for _ in range(workers)]
    for process in processes:
        process.start()
    try:
        waiting = list(enumerate(batches[: len(slots)]))
        for task in waiting:
            tasks.put(task)
        for following in batches[len(slots) :] + [None] * len(waiting):
            slot = done.get()
            if isinstance(slot, Exception):
                raise slot
            yield batch
            if following is not None:
                tasks.put((slot, following))
    finally:
        for process in processes:
            process.terminate()
        for slot in slots:
            slot.close()
            slot.unlink()
