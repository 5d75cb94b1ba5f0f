"""What the columns of the tables are: the dictionaries that go beside them."""

from __future__ import annotations

from collections.abc import Mapping

NOT_KNOWN = "n/a"
"""Stands in tables for what there is not, as BIDS has it."""

Dictionary = Mapping[str, Mapping[str, str]]

RECRUITMENT: Dictionary = {
    "montage": {
        "Description": "Currents of the electrodes for an amplitude of 1 mA; a cathode's is negative"
    },
    "root": {"Description": "Level of the root that the fiber belongs to; n/a in the dorsal columns"},
    "side": {"Description": "L or R"},
    "part": {"Description": "Where the fiber runs: dorsal or ventral root, or dorsal_column"},
    "class": {"Description": "Class of the fiber, such as Ia or alpha"},
    "fiber": {"Description": "Number of the fiber, the same for each montage"},
    "diameter_um": {"Description": "Outer diameter of the fiber, of its trunk if it branches", "Units": "um"},
    "threshold_ma": {
        "Description": "Least amplitude at which the fiber fires, current of all cathodes; n/a for none",
        "Units": "mA",
    },
    "initiation_mm": {
        "Description": "Where the action potential starts, at threshold: distance along the fiber from where "
        "the root meets the cord, towards the periphery, negative within the cord",
        "Units": "mm",
    },
    "latency_ms": {
        "Description": "From the start of the pulse to the arrival near an end of the fiber, at threshold",
        "Units": "ms",
    },
    "block_ma": {
        "Description": "Amplitude from which on the fiber no longer fires; n/a for none found",
        "Units": "mA",
    },
}

CURVES: Dictionary = {
    **{name: RECRUITMENT[name] for name in ("montage", "root", "side", "part")},
    "class": {"Description": "Class of the fibers, or all"},
    "amplitude_ma": {"Description": "Current of all cathodes", "Units": "mA"},
    "fraction": {"Description": "Share of these fibers that fire", "Units": "1"},
    "low": {"Description": "Low end of the band of the share", "Units": "1"},
    "high": {"Description": "High end of the band of the share", "Units": "1"},
}

SELECTIVITY: Dictionary = {
    "montage": RECRUITMENT["montage"],
    "of": {"Description": "What the row is about: root or muscle"},
    "name": {"Description": "Level of the root, or the muscle"},
    "side": {"Description": "L or R"},
    "part": {"Description": "Fibers that count: dorsal, ventral, or both together"},
    "variant": {"Description": "Of the roots of muscles: normal, prefixed or postfixed; n/a for a root"},
    "selectivity": {
        "Description": "Largest selectivity index: share recruited less the mean share of all others, those "
        "of the other side included",
        "Units": "1",
    },
    "amplitude_ma": {
        "Description": "Least amplitude at which it is reached; n/a where it is nowhere above 0",
        "Units": "mA",
    },
    "upto_ma": {"Description": "Amplitude at which it is left again; n/a where it is not", "Units": "mA"},
    "recruited": {"Description": "Share recruited at that amplitude", "Units": "1"},
    "others": {"Description": "Mean share of all others at that amplitude", "Units": "1"},
}

UNCERTAINTY: Dictionary = {
    "input": {
        "Description": "What is other than was asked for: fiber_sample, conductivities, csf_thickness, "
        "rootlets, entry, lead_along or lead_lateral"
    },
    "case": {"Description": "How it is other"},
    **{name: RECRUITMENT[name] for name in ("montage", "root", "side", "part")},
    "threshold_ma": {
        "Description": "Amplitude that recruits a tenth of the fibers of the root in this case; n/a for none",
        "Units": "mA",
    },
    "base_ma": {"Description": "The same as it was asked for", "Units": "mA"},
    "selectivity": {
        "Description": "Largest selectivity index of the montage for the root, in this case",
        "Units": "1",
    },
    "base_selectivity": {"Description": "The same as it was asked for", "Units": "1"},
}

SEARCH: Dictionary = {
    "root": {"Description": "Level of the root that is wanted"},
    "side": {"Description": "L or R"},
    "along_mm": {"Description": "How far the lead was shifted cranially", "Units": "mm"},
    "lateral_mm": {"Description": "How far it was shifted to the subject's right", "Units": "mm"},
    "kind": {"Description": "What was chosen among: contact, pair (of contacts), or currents of several"},
    "montage": RECRUITMENT["montage"],
    **{name: SELECTIVITY[name] for name in ("selectivity", "amplitude_ma", "upto_ma", "recruited", "others")},
    "fresh": {
        "Description": "Selectivity index on other fibers, which nothing was chosen by, in the middle of "
        "these amplitudes; n/a where it was not computed",
        "Units": "1",
    },
}
