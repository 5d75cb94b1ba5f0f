from dataclasses import replace

import numpy as np
import pytest

from cauda.errors import FieldError
from cauda.field.field_type import Field


def test_a_montage_is_a_sum_of_the_contacts(lead_field: Field) -> None:
    assert lead_field.electrodes == ("C1", "C2", "C3", "case")
    assert lead_field.shares("C3:-2,C1:+1.5,case:+0.5").tolist() == [1.5, 0.0, -2.0]
    wanted = 1.5 * lead_field.transfer_ohm[0] - 2 * lead_field.transfer_ohm[2]
    found = lead_field.potential_mv({"C3": -2, "C1": 1.5, "case": 0.5})
    assert found == pytest.approx(wanted, abs=1e-9, nan_ok=True)


def test_impedances_of_contacts_are_the_diagonal(lead_field: Field) -> None:
    assert lead_field.contact_ohm.tolist() == np.diag(lead_field.voltage_ohm).tolist()
    assert (lead_field.contact_ohm > lead_field.voltage_ohm.sum(axis=1) / 3).all()


def test_an_unknown_contact_or_a_wrong_sum_is_refused(lead_field: Field) -> None:
    with pytest.raises(FieldError, match="no electrode 'C4', wanted some of C1, C2, C3, case"):
        lead_field.potential_mv("C4:-1,case:1")
    with pytest.raises(FieldError, match=r"the currents sum to -1 mA, wanted 0; \+1 mA must return"):
        lead_field.potential_mv("C1:-1")


def test_arrays_are_read_only_and_of_fitting_shapes(lead_field: Field) -> None:
    with pytest.raises(ValueError, match="read-only"):
        lead_field.transfer_ohm[0, 0] = 1
    with pytest.raises(FieldError, match=r"transfer_ohm: found shape \(2, \d+\), wanted \(3, \d+\)"):
        replace(lead_field, transfer_ohm=lead_field.transfer_ohm[:2])
    with pytest.raises(FieldError, match=r"admittance_s: found shape \(3, 3\), wanted \(4, 4\)"):
        replace(lead_field, admittance_s=lead_field.admittance_s[:3, :3])
