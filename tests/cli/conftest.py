"""What tests of several verbs use."""

from dataclasses import replace
from pathlib import Path

import pytest

from cauda import anatomy, lead
from cauda.annotation.tracing import RootName
from cauda.phantom import virtual_subject

ROOTS = [RootName("L3", "L"), RootName("L3", "R")]


@pytest.fixture(scope="session")
def placed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a virtual subject's folder, with two of its roots and a lead. Copy it before writing to it."""
    whole = virtual_subject(seed=7, index=5)
    tracing = replace(
        whole,
        roots={root: whole.roots[root] for root in ROOTS},
        ganglia={root: whole.ganglia[root] for root in ROOTS},
    )
    model = anatomy.build(tracing)
    folder = anatomy.write(model, tmp_path_factory.mktemp("placed"))
    lead.write(lead.place(lead.catalog("octrode-like"), model, top="vertebra:T12"), folder, model)
    return folder
