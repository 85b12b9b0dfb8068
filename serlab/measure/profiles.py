"""Profiles: how much a run measures. Smoke shows that everything works, standard answers, full leaves nothing out."""

from __future__ import annotations

from dataclasses import dataclass

from serlab.errors import UnknownNameError


@dataclass(frozen=True, slots=True)
class Profile:
    """What ``serlab bench --profile`` chooses.

    ``min_value_s`` is pyperf's minimum duration of one timed value, ``run_s`` how long the values of one process
    should take together, ``calls_s`` the same for the calls of one end-to-end client. ``budget_s`` bounds the whole
    run; it ends after the last whole round that fits, and never before ``min_rounds``. ``memory_only`` payloads are
    too large to be timed and sent over and over. ``variants`` measures codecs that differ in a detail of sending too.
    """

    name: str
    payloads: tuple[str, ...]
    min_rounds: int
    max_rounds: int
    budget_s: float
    min_value_s: float
    run_s: float
    calls_s: float
    memory_only: tuple[str, ...] = ()
    variants: bool = False


_SMALL = ("vector-1k", "vector-10k", "image", "batch-16")

PROFILES: dict[str, Profile] = {
    profile.name: profile
    for profile in (
        Profile("smoke", ("vector-1k", "image"), 3, 3, 150.0, min_value_s=0.05, run_s=0.25, calls_s=0.6),
        Profile("standard", _SMALL, 3, 20, 600.0, min_value_s=0.1, run_s=0.5, calls_s=1.5),
        Profile(
            "full",
            (*_SMALL, "tokens", "image-u8", "half"),
            5,
            20,
            3600.0,
            min_value_s=0.1,
            run_s=1.0,
            calls_s=3.0,
            memory_only=("batch-100",),
            variants=True,
        ),
    )
}


def get(name: str) -> Profile:
    """Return the profile called ``name``.

    Raises:
        UnknownNameError: there is none.
    """
    if name not in PROFILES:
        raise UnknownNameError("profile", name, PROFILES)
    return PROFILES[name]
