"""Pictures asked in other processes, on this machine or on many: the same answers, each counted once.

Whoever answers opens the pictures and the network itself, and says so where they are others than meant. On many
machines it is Dask that hands out the work, and hands it out anew where a worker is lost: https://distributed.dask.org.
"""

import multiprocessing
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Event, local

from inference.data import LaneSpec
from inference.errors import LabError
from inference.intake.provide import open_network
from inference.lab.accuracy.answering import Answering, Pictures, Said, ask_of, said_of
from inference.lab.accuracy.boxed import Boxed, open_boxed
from inference.lab.accuracy.datasets import Labelled, open_labelled
from inference.lab.accuracy.measured import network_key
from inference.live.threads import engine_for
from inference.options import Options, open_store
from inference.own_process import follow_the_parent
from inference.recogniser import Recogniser
from models.catalog import find_card, load_catalog
from models.texts import plain

PART_S = 0.5            # of work that is handed out at once, about
MOST_AT_ONCE = 1000     # pictures
WAIT_S = 0.1            # between two looks at whether to go on
CONNECT_S = 20          # to a scheduler
WORKERS_S = 60          # for the first worker
PER_WORKER = 3          # parts that lie ready for each

_own = local()   # of a thread that answers: what it has opened


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be answered, so that another process finds the same."""

    source: str          # path of the pictures
    which: str           # of several sets the one
    digest: str          # of the pictures and their classes
    spec: LaneSpec
    key: str             # of the network
    options: Options     # where files lie

    def opened(self) -> tuple[Recogniser, Pictures]:
        """The network and the pictures, opened here.

        Raises:
            LabError: they cannot be, or are others than those that were meant.
        """
        data = open_data(self.source, self.which)
        if data.digest != self.digest:
            raise LabError(
                f"{plain(self.source)} holds other pictures there than here.", "Give every machine the same folder."
            )
        store = open_store(self.options)
        card = find_card(self.spec.model, load_catalog())
        engine = engine_for(self.spec, linger=False)
        network = open_network(card, store, self.spec.backend, lambda: engine, lambda *_: None, Event())
        if network_key(card, store) != self.key:
            raise LabError(f"{card.title} is another network there than here.", "Give every machine the same card.")
        return network, data


def open_data(source: str, which: str) -> Labelled | Boxed:
    """Labelled pictures, or such with boxes.

    Raises:
        LabError: there are none, or they cannot be read.
    """
    path = Path(source).expanduser()
    return open_boxed(path) if path.suffix.lower() == ".json" else open_labelled(source, which)


def answer_part(order: Order, numbers: Sequence[int]) -> list[Said]:
    """Some of the pictures, in the process that this is called in; what it opens it keeps for the next part."""
    if getattr(_own, "order", None) != order:
        _own.order, _own.opened = None, None   # the network before goes first
        _own.opened, _own.order = order.opened(), order
    network, data = _own.opened
    ask = ask_of(network)
    return [said_of(network, data, i, ask) for i in numbers]


def by_executor(executor: Executor, order: Order, usual_s: float, workers: int) -> Answering:
    """Whoever works for an executor; `usual_s` is what a picture takes about."""
    size = max(1, min(MOST_AT_ONCE, int(PART_S / max(usual_s, 1e-6))))

    def answering(numbers: Sequence[int], cancelled: Event) -> Iterator[list[Said]]:
        share = max(1, -(-len(numbers) // (workers * PER_WORKER)))   # so that none stands idle at the end
        parts = iter([numbers[k : k + min(size, share)] for k in range(0, len(numbers), min(size, share))])
        waiting: set[Future[list[Said]]] = set()
        try:
            while not cancelled.is_set():
                while len(waiting) < workers * PER_WORKER and (part := next(parts, None)):
                    waiting.add(executor.submit(answer_part, order, part))
                if not waiting:
                    return
                done, waiting = wait(waiting, WAIT_S, FIRST_COMPLETED)
                for future in done:
                    yield future.result()
        except BrokenProcessPool as error:
            raise LabError(
                "A process that answered pictures was ended from outside.",
                "Is there memory enough? What was answered is kept: go on with --resume and fewer --jobs.",
            ) from error
        finally:
            for future in waiting:
                future.cancel()

    return answering


@contextmanager
def processes(jobs: int) -> Iterator[Executor]:
    """So many processes on this machine; who leaves the block by an error ends them at once, whatever they do."""
    context = multiprocessing.get_context("spawn")   # a fork would copy locks that other threads hold
    pool = ProcessPoolExecutor(jobs, mp_context=context, initializer=follow_the_parent)
    try:
        yield pool
    except BaseException:
        for process in list((pool._processes or {}).values()):   # Python 3.14 has terminate_workers for it
            process.terminate()
        raise
    finally:
        pool.shutdown(cancel_futures=True)


@contextmanager
def cluster(address: str, cancelled: Event) -> Iterator[tuple[Executor, int]]:
    """The workers of a Dask scheduler, and how many answer at a time.

    Raises:
        LabError: Dask is not installed, there is no scheduler at this address, or no worker.
    """
    try:
        from distributed import Client
    except ImportError as error:
        raise LabError(
            "Working on many machines needs Dask, which is not installed.",
            "Install it: python -m pip install -r requirements-cluster.txt",
        ) from error
    try:
        client = Client(address, timeout=CONNECT_S, set_as_default=False)
    except (OSError, ValueError, TypeError) as error:
        raise LabError(
            f"There is no Dask scheduler at {plain(address, 100)}: {plain(str(error), 120)}.",
            "Start one: python -m dask scheduler; it says its address, tcp://…:8786.",
        ) from error
    try:
        for _ in range(int(WORKERS_S / WAIT_S)):
            if threads := sum(client.nthreads().values()):
                break
            if cancelled.wait(WAIT_S):
                raise LabError("No worker had come.", "")
        else:
            raise LabError(
                f"The scheduler at {plain(address, 100)} has no workers.",
                f"Start them, in Lineup's folder: python -m dask worker {plain(address, 100)} --nthreads 1",
            )
        yield client.get_executor(pure=False), threads
    finally:
        client.close()


def shared(spec: LaneSpec, threads: int) -> LaneSpec:
    """The lane as one of several beside each other: so many threads, unless it was said otherwise."""
    return spec if spec.threads else replace(spec, threads=max(1, threads))
