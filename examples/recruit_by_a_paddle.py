"""Which dorsal roots a paddle behind T12 and L1 recruits, at which currents, and which montage selects each.

    python examples/recruit_by_a_paddle.py
    python examples/recruit_by_a_paddle.py DATASET/derivatives/markers/sub-03

With markers of a subject the roots are those that are traced there; without, they are some of a virtual
subject's, so that it takes less than a minute. The mesh is coarse and eight fibers stand for each root: what
comes of it shows which root a contact lies over, and thresholds to a tenth or so. For figures to rely on take
`cauda mesh` and `cauda recruit`.
"""

import sys
from dataclasses import replace
from pathlib import Path

from cauda import anatomy, annotation, lead, volume
from cauda.annotation.tracing import Tracing
from cauda.fiber import Pulse, Settings, sample
from cauda.field import conductivities, solve
from cauda.phantom import virtual_subject
from cauda.recruitment import Options, Recruitment, curves_of, order, recruit, selectivities

LEVELS = ("L3", "L4", "L5", "S1")
PER_ROOT = 8
# Contacts of the left, the middle and the right column; some of them guarded by anodes above and below.
CONTACTS = ("C2", "C4", "C7", "C9", "C13", "C15")
GUARDED = {name: f"{name}:-1,C{int(name[1:]) - 1}:+0.5,C{int(name[1:]) + 1}:+0.5" for name in CONTACTS}
QUICK = Settings(tolerance=0.01, block=0, warn=False)


def main(markers: str | Path | None = None) -> float:
    """Print what the paddle recruits; return the least current that recruits a tenth of a root, in mA."""
    model = anatomy.build(virtual() if markers is None else annotation.read(markers))
    paddle = lead.place(lead.catalog("specify-5-6-5-like"), model, top="vertebra:T12")
    field = solve(volume.mesh(model, paddle, size="coarse"), conductivities("capogrosso2013"))
    montages = [*(f"{name}:-1,case:+1" for name in CONTACTS), *GUARDED.values()]
    afferents = sample(model, PER_ROOT).of(part="dorsal")
    found = recruit(field, afferents, Pulse(300), montages, options=Options(QUICK))
    least_ma = tell_order(found)
    tell_selectivity(found)
    return least_ma


def tell_order(found: Recruitment) -> float:
    """Print which roots each montage recruits first, to 10 %; return the least of these currents."""
    curves = curves_of(found, by_class=False)
    print("first 10 % of a dorsal root:")
    for montage in found.montages:
        own = {one.root: one.threshold_ma[0] for one in curves if one.montage == montage.name}
        first = order(curves, montage.name)[:3]
        print(f"  {montage.short}: {', '.join(f'{root} at {own[root]:.2f} mA' for root in first)}")
    return float(min(one.threshold_ma[0] for one in curves))


def tell_selectivity(found: Recruitment) -> None:
    """Print for each root the montage that recruits most of it and least of the others."""
    short = {montage.name: montage.short for montage in found.montages}
    best = selectivities(found)
    print("most selective montage of each dorsal root:")
    for root in dict.fromkeys((one.name, one.side) for one in best):
        one = max((one for one in best if (one.name, one.side) == root), key=lambda one: one.selectivity)
        shares = f"{one.recruited:.0%} of it and {one.others:.0%} of the others"
        print(f"  {'_'.join(root)}: {short[one.montage]} at {one.amplitude_ma:.2f} mA, {shares}")


def virtual() -> Tracing:
    """Return the tracing of a virtual subject, with a few roots."""
    whole = virtual_subject(seed=7, index=1)
    return replace(
        whole,
        roots={root: points for root, points in whole.roots.items() if root.level in LEVELS},
        ganglia={root: center for root, center in whole.ganglia.items() if root.level in LEVELS},
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
