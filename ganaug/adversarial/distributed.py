"""One game played by several processes, each with its own rows; without them nothing here does anything.

The gradients of both players are averaged after every backward pass, so the processes hold the same networks from step
to step: a batch of n rows in each of k is one of k n. A wrapper such as ``DistributedDataParallel`` would not see the
second pass of a gradient penalty.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import timedelta
from itertools import chain
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor, distributed, nn

__all__ = [
    "alone",
    "average_gradients",
    "joined",
    "mean",
    "on_first",
    "own_stream",
    "rank",
    "restore_stream",
    "same_weights",
    "streams",
    "together",
]

T = TypeVar("T")
_ALONE: ContextVar[bool] = ContextVar("alone", default=False)


@contextmanager
def together(timeout: float = 1800.0) -> Iterator[None]:
    """Join the processes that ``torchrun`` started, and part at the end; under plain ``python`` do nothing.

    Parameters
    ----------
    timeout : float
        Seconds that a process waits for the others; one that raises tells them by leaving.

    Examples
    --------
    >>> with together():
    ...     rank()
    0
    """
    if int(os.environ.get("WORLD_SIZE", "1")) == 1 or distributed.is_initialized():
        yield
        return
    card = int(os.environ.get("LOCAL_RANK", "0"))
    each_a_card = torch.cuda.device_count() >= int(os.environ.get("LOCAL_WORLD_SIZE", "1"))
    if each_a_card:
        torch.cuda.set_device(card)
    # its functions hold the group they find when imported, and so its threads: imported before there is one
    importlib.import_module("torch.distributed.nn.functional")
    distributed.init_process_group(None if each_a_card else "gloo", timeout=timedelta(seconds=timeout))
    try:
        yield
    finally:
        distributed.destroy_process_group()


@contextmanager
def alone() -> Iterator[None]:
    """Let this process play by itself, although others are there: say a model for each of them.

    Examples
    --------
    >>> with alone():
    ...     joined()
    False
    """
    token = _ALONE.set(True)
    try:
        yield
    finally:
        _ALONE.reset(token)


def joined() -> bool:
    """Say whether other processes play the same game."""
    if not (distributed.is_available() and distributed.is_initialized()) or _ALONE.get():
        return False
    return distributed.get_world_size() > 1


def rank() -> int:
    """Return the number of this process, from 0."""
    return distributed.get_rank() if joined() else 0


def on_first(work: Callable[[], T]) -> T:
    """Let the first process, alone, do what one is enough for; all get what it returns.

    Raises
    ------
    RuntimeError
        On the others, if it raises on the first.
    """
    if not joined():
        return work()
    box: list[T | str | None] = [None, None]
    error: Exception | None = None
    if rank() == 0:
        try:
            with alone():
                box[0] = work()
        except Exception as raised:  # whatever it is, the others wait for it
            error, box[1] = raised, f"{type(raised).__name__}: {raised}"
    distributed.broadcast_object_list(box)
    if error is not None:
        raise error
    if box[1] is not None:
        raise RuntimeError(f"the first process failed with {box[1]}")
    return box[0]  # type: ignore[return-value]


def mean(tensor: Tensor) -> Tensor:
    """Return the mean over all processes."""
    if not joined():
        return tensor
    total = tensor.detach().clone()
    distributed.all_reduce(total)
    return total / distributed.get_world_size()


def average_gradients(weights: Iterable[nn.Parameter]) -> None:
    """Replace the gradients of weights by their means over all processes, in one go."""
    if not joined():
        return
    weights = list(weights)
    # what no row of this process reached may have been reached elsewhere
    slopes = [torch.zeros_like(weight) if weight.grad is None else weight.grad for weight in weights]
    averaged = mean(torch.cat([slope.flatten() for slope in slopes]))
    for weight, slope in zip(weights, torch.split(averaged, [slope.numel() for slope in slopes]), strict=True):
        weight.grad = slope.view_as(weight).to(weight.dtype)


def same_weights(*modules: nn.Module) -> None:
    """Give all processes the weights and buffers of the first."""
    if joined():
        for module in modules:
            for tensor in chain(module.parameters(), module.buffers()):
                distributed.broadcast(tensor.detach(), src=0)


def own_stream(rng: torch.Generator) -> torch.Generator:
    """Turn the stream that all processes were given into one for each: other rows, other noise."""
    if rank():
        drawn = int(torch.randint(2**62, (), generator=rng, device=rng.device))
        rng.manual_seed(int(np.random.SeedSequence([drawn, rank()]).generate_state(1)[0]))
    return rng


def streams(rng: torch.Generator) -> dict[str, Tensor]:
    """Return where the streams of all processes are, for a checkpoint; that of the first is named ``rng``."""
    if not joined():
        return {"rng": rng.get_state()}
    states: list[Tensor] = [torch.empty(0)] * distributed.get_world_size()
    distributed.all_gather_object(states, rng.get_state())
    return {f"rng/{number}" if number else "rng": state for number, state in enumerate(states)}


def restore_stream(rng: torch.Generator, tensors: Mapping[str, Tensor]) -> None:
    """Go back to where this process was; one that was not there then starts from where the first was."""
    own = tensors.get(f"rng/{rank()}")
    rng.set_state(tensors["rng"] if own is None else own)
    if own is None:
        own_stream(rng)
