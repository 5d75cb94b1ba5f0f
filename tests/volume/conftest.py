"""A model with a lead, which cost seconds to make."""

import pytest

from cauda import lead
from cauda.anatomy.building import build
from cauda.anatomy.model import SpineModel
from cauda.phantom import virtual_subject


@pytest.fixture(scope="session")
def model() -> SpineModel:
    return build(virtual_subject(7, 1))


@pytest.fixture(scope="session")
def placed(model: SpineModel) -> lead.Lead:
    return lead.place(lead.catalog("specify-5-6-5-like"), model, top="T12", fit="push")
