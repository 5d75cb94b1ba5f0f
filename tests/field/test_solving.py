from dataclasses import replace

import numpy as np
import pytest
from scipy.sparse.linalg import spsolve
from tests.field.boxes import box_mesh, to_cylinder

from cauda.arrays import Floats, Ints
from cauda.errors import FieldError
from cauda.field.conductivity import Conductivity, conductivities
from cauda.field.electrodes import electrodes
from cauda.field.field_type import Field
from cauda.field.linear import Solver
from cauda.field.point_sources import Given, point_sources
from cauda.field.solving import Settings, solve, solve_cells
from cauda.field.system import Anchors, conducting, system
from cauda.volume.mesh import Label, VolumeMesh

BAR_MM = (np.linspace(0, 2, 5), np.linspace(0, 3, 4), np.linspace(0, 10, 9))
BAR_ENDS = {"C1": lambda at: at[:, 2] < 1e-9, "case": lambda at: at[:, 2] > 10 - 1e-9}


def test_a_bar_has_length_over_conductivity_and_area() -> None:
    bar = box_mesh(BAR_MM, outer=BAR_ENDS)
    whole = np.full(len(bar.label), 0.2)
    field = solve_cells(bar, whole, whole)
    # S/m and mm: 10 / (0.2 * 6) kohm
    assert field.contact_ohm == pytest.approx(1000 * 10 / (0.2 * 6), rel=1e-7)
    assert field.transfer_ohm[0] == pytest.approx(1000 * (10 - bar.points_mm[:, 2]) / (0.2 * 6), abs=1e-3)


def test_layers_of_a_bar_are_resistors_in_series() -> None:
    bar = box_mesh(BAR_MM, {Label("dura", "dura"): lambda at: at[:, 2] > 7.5}, BAR_ENDS)
    s_per_m = np.array([0.2, 0.03])[bar.label]
    field = solve_cells(bar, s_per_m, s_per_m)
    assert field.contact_ohm == pytest.approx(1000 * (7.5 / 0.2 + 2.5 / 0.03) / 6, rel=1e-7)


def test_an_impedance_of_the_surface_is_a_resistor_in_series() -> None:
    bar = box_mesh(BAR_MM, outer=BAR_ENDS)
    whole = np.full(len(bar.label), 0.2)
    field = solve_cells(bar, whole, whole, Settings(impedance_ohm_mm2=3000.0))
    assert field.contact_ohm == pytest.approx(1000 * 10 / (0.2 * 6) + 3000 / 6, rel=1e-7)


def test_a_small_impedance_is_as_none_and_a_large_one_makes_the_current_even(
    lead_box: VolumeMesh, lead_box_s_per_m: Floats, lead_field: Field
) -> None:
    none, small, large, larger = (
        solve_cells(lead_box, lead_box_s_per_m, lead_box_s_per_m, Settings(impedance_ohm_mm2=ohm_mm2))
        for ohm_mm2 in (0.0, 1e-3, 1e6, 2e6)
    )
    assert none.voltage_ohm.tolist() == lead_field.voltage_ohm.tolist()
    assert small.voltage_ohm == pytest.approx(lead_field.voltage_ohm, rel=1e-5)
    # 1 mm2
    assert larger.contact_ohm - large.contact_ohm == pytest.approx(1e6, rel=1e-6)


def test_a_disc_on_an_insulator_has_one_over_four_sigma_a() -> None:
    # Newman 1966, doi:10.1149/1.2424003. At the rim the current density has no bound: the error is of first
    # order in the size of elements there, so that twice as many take half of it.
    coarse, fine = _disc_share(5), _disc_share(10)
    assert coarse < fine < 1
    assert 2 * fine - coarse == pytest.approx(1, abs=0.02)


def test_reciprocity_holds_to_a_millionth(lead_field: Field) -> None:
    assert lead_field.voltage_ohm == pytest.approx(lead_field.voltage_ohm.T, rel=1e-6)
    assert lead_field.measures["asymmetry"] < 1e-7
    assert lead_field.admittance_s.tolist() == lead_field.admittance_s.T.tolist()


def test_currents_sum_to_0(lead_box: VolumeMesh, lead_box_s_per_m: Floats, lead_field: Field) -> None:
    assert np.abs(lead_field.admittance_s.sum(axis=1)).max() < 1e-12
    out = _currents_ma(lead_box, lead_box_s_per_m, lead_field.transfer_ohm)
    assert out == pytest.approx(np.column_stack([np.eye(3), -np.ones(3)]), abs=1e-7)


def test_the_admittances_are_the_currents_of_given_potentials(
    lead_box: VolumeMesh, lead_box_s_per_m: Floats, lead_field: Field
) -> None:
    # From C1 at 1 V, all others at 0, by scipy's direct solver
    conducts = conducting(lead_box, lead_box_s_per_m, lead_box_s_per_m)
    found = electrodes(lead_box, conducts, with_case=True)
    both = (lead_box_s_per_m, lead_box_s_per_m)
    network = system(lead_box, both, conducts, found, Anchors("the case", (3,)))
    held, count = network.numbers.of_group, network.numbers.count
    free = np.setdiff1d(np.arange(count), held)
    potential = np.zeros(count)
    potential[held[0]] = 1.0
    rows = network.matrix.tocsr()
    potential[free] = spsolve(rows[free][:, free].tocsc(), -(rows[free] @ potential))
    assert (rows @ potential)[held] / 1000 == pytest.approx(lead_field.admittance_s[0], rel=1e-6)


def test_a_montage_is_as_its_direct_solution(
    lead_box: VolumeMesh, lead_box_s_per_m: Floats, lead_field: Field
) -> None:
    conducts = conducting(lead_box, lead_box_s_per_m, lead_box_s_per_m)
    found = electrodes(lead_box, conducts, with_case=True)
    both = (lead_box_s_per_m, lead_box_s_per_m)
    network = system(lead_box, both, conducts, found, Anchors("the case", (3,)))
    current_ma = np.zeros(network.numbers.sought)
    current_ma[network.numbers.of_group[:3]] = -1, 0.7, 0.1
    direct = np.append(spsolve(network.sought.tocsc(), current_ma), 0.0)
    wanted_mv = 1000 * network.at_nodes(direct[:, None])[0]
    summed_mv = lead_field.potential_mv("C1:-1,C2:+0.7,C3:+0.1,case:+0.2")
    assert summed_mv == pytest.approx(wanted_mv, abs=1e-6 * np.nanmax(np.abs(wanted_mv)), nan_ok=True)


def test_potentials_lie_between_those_of_the_electrodes(lead_field: Field) -> None:
    for row, highest in zip(lead_field.transfer_ohm, lead_field.contact_ohm, strict=True):
        assert np.nanmin(row) == 0
        assert np.nanmax(row) == highest
        within = row[~np.isnan(row) & (row != 0) & (row != highest)]
        assert 0 < within.min() < within.max() < highest


def test_contacts_have_one_potential_and_insulation_none(lead_box: VolumeMesh, lead_field: Field) -> None:
    for name in lead_field.contacts:
        own = lead_box.labels.index(Label(name, "contact"))
        nodes = np.unique(lead_box.tetrahedra[lead_box.label == own])
        assert (np.ptp(lead_field.transfer_ohm[:, nodes], axis=1) == 0).all()
    within = (np.abs(lead_box.points_mm) < [0.9, 0.4, 3.9]).all(axis=1)
    assert np.isnan(lead_field.transfer_ohm[:, within]).all()
    assert np.isnan(lead_field.transfer_ohm).any(axis=0).mean() < 0.05


def test_the_field_is_its_mirror_image(lead_box: VolumeMesh, lead_field: Field) -> None:
    order = np.lexsort(lead_box.points_mm.T)
    mirrored = np.lexsort((lead_box.points_mm * [-1, 1, 1]).T)
    one, other = lead_field.transfer_ohm[:, order], lead_field.transfer_ohm[:, mirrored]
    assert one == pytest.approx(other, abs=1e-6 * np.nanmax(one), nan_ok=True)


def test_k_times_the_conductivity_makes_one_over_k_of_the_potential(
    lead_box: VolumeMesh, lead_box_s_per_m: Floats, lead_field: Field
) -> None:
    scaled = solve_cells(lead_box, 7 * lead_box_s_per_m, 7 * lead_box_s_per_m)
    wanted = lead_field.transfer_ohm / 7
    assert scaled.transfer_ohm == pytest.approx(wanted, abs=1e-6 * np.nanmax(wanted), nan_ok=True)


def test_nodes_may_be_numbered_otherwise(
    lead_box: VolumeMesh, lead_box_s_per_m: Floats, lead_field: Field
) -> None:
    order = np.random.default_rng(0).permutation(len(lead_box.points_mm))
    of_old = np.argsort(order)
    other = replace(
        lead_box,
        points_mm=lead_box.points_mm[order],
        tetrahedra=of_old[lead_box.tetrahedra],
        faces=of_old[lead_box.faces],
    )
    found = solve_cells(other, lead_box_s_per_m, lead_box_s_per_m).transfer_ohm
    wanted = lead_field.transfer_ohm[:, order]
    assert found == pytest.approx(wanted, abs=1e-6 * np.nanmax(wanted), nan_ok=True)


def test_the_current_may_return_at_contacts(lead_box: VolumeMesh, lead_box_s_per_m: Floats) -> None:
    one, other = (
        solve_cells(lead_box, lead_box_s_per_m, lead_box_s_per_m, Settings(returns=returns))
        for returns in (("C1", "C3"), ("C3", "C1"))
    )
    assert one.electrodes == ("C1", "C2", "C3")
    assert one.voltage_ohm[:, [0, 2]].sum(axis=1) == pytest.approx(0, abs=1e-9 * one.voltage_ohm.max())
    # Another one is taken for 0 at first
    largest = np.nanmax(one.transfer_ohm)
    assert one.transfer_ohm == pytest.approx(other.transfer_ohm, abs=1e-6 * largest, nan_ok=True)
    out = _currents_ma(lead_box, lead_box_s_per_m, one.transfer_ohm)
    assert out == pytest.approx(
        np.array([[0.5, 0, -0.5, 0], [-0.5, 1, -0.5, 0], [-0.5, 0, 0.5, 0]]), abs=1e-7
    )
    assert np.abs(one.admittance_s.sum(axis=1)).max() < 1e-12


def test_a_contact_as_the_only_return_is_at_0(lead_box: VolumeMesh, lead_box_s_per_m: Floats) -> None:
    field = solve_cells(lead_box, lead_box_s_per_m, lead_box_s_per_m, Settings(returns=("C2",)))
    assert np.nanmax(np.abs(field.transfer_ohm[1])) == 0
    assert (field.transfer_ohm[:, np.unique(lead_box.marked("C2"))] == 0).all()
    with_case = solve_cells(lead_box, lead_box_s_per_m, lead_box_s_per_m)
    # The case far away as a further conductor takes some of the resistance
    bipole_ohm = [1, -1, 0] @ with_case.voltage_ohm @ [1, -1, 0]
    assert bipole_ohm < field.contact_ohm[0] < 1.1 * bipole_ohm


def test_the_same_input_gives_the_same_bytes(
    lead_box: VolumeMesh, lead_box_s_per_m: Floats, lead_field: Field
) -> None:
    again = solve_cells(lead_box, lead_box_s_per_m, lead_box_s_per_m)
    assert again.transfer_ohm.tobytes() == lead_field.transfer_ohm.tobytes()


def test_a_set_of_conductivities_is_used_and_told(lead_box: VolumeMesh) -> None:
    chosen = conductivities("duke_lempka", {"soft_tissue": Conductivity(0.3, 0.3)})
    told: list[tuple[str, float]] = []
    field = solve(lead_box, chosen, progress=lambda step, done: told.append((step, done)))
    assert field.conductivities["name"] == "duke_lempka"
    assert field.conductivities["changed"] == ["soft_tissue"]
    assert set(field.longitudinal_s_per_m[lead_box.label < 2].tolist()) == {0.3, 0.25}
    done = [one for _, one in told]
    assert done == sorted(done)
    assert done[-1] > 0.99


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (Settings(returns=()), "return: found none, wanted case alone or some of C1, C2, C3"),
        (Settings(returns=("C9",)), "return: found 'C9', wanted case alone or some of C1, C2, C3"),
        (Settings(returns=("case", "C1")), "return: found 'case', wanted case alone or some of"),
        (Settings(returns=("C1", "C1")), "return: found C1, C1, wanted each contact once"),
        (Settings(impedance_ohm_mm2={"C7": 1.0}), "contact impedance: no contact 'C7', wanted some of C1"),
        (Settings(impedance_ohm_mm2=-1.0), "contact impedance of C1: found -1 ohm mm2, wanted a positive"),
    ],
)
def test_settings_that_cannot_be_are_refused(
    lead_box: VolumeMesh, lead_box_s_per_m: Floats, settings: Settings, message: str
) -> None:
    with pytest.raises(FieldError) as refused:
        solve_cells(lead_box, lead_box_s_per_m, lead_box_s_per_m, settings)
    assert str(refused.value).startswith(message)


@pytest.mark.parametrize("value", [0.0, -0.2, np.nan, np.inf])
def test_a_conductivity_that_is_not_positive_is_refused(
    lead_box: VolumeMesh, lead_box_s_per_m: Floats, value: float
) -> None:
    wrong = np.where(lead_box.label == 1, value, lead_box_s_per_m)
    with pytest.raises(
        FieldError, match=r"region fat: found a transverse conductivity of .* wanted a positive"
    ):
        solve_cells(lead_box, lead_box_s_per_m, wrong)


def test_an_isolated_region_is_refused_by_name() -> None:
    axis = np.linspace(-2, 2, 9)
    # A shell of insulation around what is within 0.5 mm
    mesh = box_mesh(
        [axis, axis, axis],
        {
            Label("shell", "insulation"): lambda at: np.abs(at).max(axis=1) < 1,
            Label("csf", "csf"): lambda at: np.abs(at).max(axis=1) < 0.5,
        },
        {"C1": lambda at: at[:, 2] > 1.99, "case": lambda at: at[:, 2] < -1.99},
    )
    whole = np.ones(len(mesh.label))
    with pytest.raises(FieldError) as refused:
        solve_cells(mesh, whole, whole)
    assert str(refused.value).startswith(
        "mesh: 48 tetrahedra of csf (1 mm3 about 0.0, 0.0, 0.0) are isolated, wanted tissue that joins them"
    )


def test_a_pocket_of_tissue_in_a_lead_is_left_out(
    lead_box: VolumeMesh, lead_box_s_per_m: Floats, lead_field: Field
) -> None:
    # Fat within the insulation, away from the contacts
    center = lead_box.points_mm[lead_box.tetrahedra].mean(axis=1)
    pocket = (np.abs(center - [0, -0.25, 0]) < [0.5, 0.25, 0.5]).all(axis=1)
    label = np.where(pocket, 1, lead_box.label)
    s_per_m = np.where(pocket, 0.04, lead_box_s_per_m)
    field = solve_cells(replace(lead_box, label=label), s_per_m, s_per_m)
    assert field.measures["left_out_mm3"] == pytest.approx(lead_box.volumes_mm3[pocket].sum())
    assert field.measures["left_out_mm3"] > 0 == lead_field.measures["left_out_mm3"]
    assert field.transfer_ohm.tobytes() == lead_field.transfer_ohm.tobytes()


def test_meshes_without_what_is_needed_are_refused(lead_box: VolumeMesh, lead_box_s_per_m: Floats) -> None:
    axis = np.linspace(0, 1, 3)
    plain = box_mesh([axis, axis, axis])
    whole = np.ones(len(plain.label))
    with pytest.raises(FieldError, match="mesh: no contacts, wanted one with a lead; place a lead"):
        solve_cells(plain, whole, whole)
    closed = box_mesh(
        [axis, axis, axis],
        outer={"C1": lambda at: at[:, 2] > 0.99, "C2": lambda at: at[:, 2] < 0.01},
    )
    with pytest.raises(FieldError, match="mesh: no tissue at faces marked 'case'"):
        solve_cells(closed, whole, whole)
    touching = replace(closed, face_mark=np.where(closed.faces[:, 0] % 2, 0, 1))
    with pytest.raises(FieldError, match="mesh: C1 and C2 touch, wanted tissue or insulation between"):
        solve_cells(touching, whole, whole, Settings(returns=("C2",)))
    bare = replace(lead_box, face_mark=np.where(lead_box.face_mark == 0, 1, lead_box.face_mark))
    with pytest.raises(FieldError, match="mesh: contact C1 has no face in tissue"):
        solve_cells(bare, lead_box_s_per_m, lead_box_s_per_m)


def test_a_tetrahedron_that_is_inside_out_is_refused() -> None:
    bar = box_mesh(BAR_MM, outer=BAR_ENDS)
    turned = bar.tetrahedra.copy()
    turned[5, :2] = turned[5, 1::-1]
    whole = np.ones(len(turned))
    with pytest.raises(FieldError, match="mesh: 1 tetrahedra are flat or inside out, the first at"):
        solve_cells(replace(bar, tetrahedra=turned), whole, whole)


def test_too_few_iterations_are_an_error(lead_box: VolumeMesh, lead_box_s_per_m: Floats) -> None:
    few = Settings(solver=Solver(method="multigrid", most_iterations=2))
    with pytest.raises(FieldError, match=r"potentials: an error of .* after 2 iterations, wanted 1.0e-08"):
        solve_cells(lead_box, lead_box_s_per_m, lead_box_s_per_m, few)


def _disc_share(count: int) -> float:
    """Return the resistance of a disc in a wide cylinder as a share of 1 / (4 s a)."""
    beyond = np.geomspace(1 / count, 7, count + 2)
    half = np.concatenate([np.linspace(0, 1, count + 1), 1 + beyond])
    across = np.concatenate([-half[:0:-1], half])
    outer = {
        "C1": lambda at: (at[:, 2] < 1e-9) & (np.abs(at[:, :2]).max(axis=1) < 1),
        "end": lambda at: at[:, 2] < 1e-9,
        "case": lambda at: at[:, 2] > 1e-9,
    }
    mesh = box_mesh([across, across, np.append(0, beyond)], outer=outer, bent=to_cylinder)
    whole = np.full(len(mesh.label), 0.04)
    # What the case at 0 takes off: the potential at the disc if the case has that of a point, 1 / (2 pi s r)
    case, radius_mm = np.unique(mesh.marked("case")), np.linalg.norm(mesh.points_mm, axis=1)
    given = Given(case, 1000 / (2 * np.pi * 0.04 * radius_mm[case])[None])
    taken_off = point_sources(mesh, (whole, whole), [[0, 0, 0]], given, currents_ma=[[0]])
    ohm = solve_cells(mesh, whole, whole).contact_ohm[0] + taken_off[0, np.argmin(radius_mm)]
    return float(ohm * 4 * 0.04 * np.sqrt(_area(mesh, "C1") / np.pi) / 1000)


def _area(mesh: VolumeMesh, mark: str) -> float:
    a, b, c = (mesh.points_mm[corner] for corner in mesh.marked(mark).T)
    return float(np.linalg.norm(np.cross(b - a, c - a), axis=1).sum() / 2)


def _currents_ma(mesh: VolumeMesh, s_per_m: Floats, potentials_mv: Floats) -> Floats:
    """Return the current out of C1, C2, C3 and the case, for each row of potentials: (k, 4).

    Summed from the field of each tetrahedron: ``v grad(a) . s grad(V)``.
    """
    cells = np.flatnonzero(mesh.label < 2)
    corner = mesh.points_mm[mesh.tetrahedra[cells]]
    inverse = np.linalg.inv(np.concatenate([np.ones((len(cells), 4, 1)), corner], axis=2))
    gradient = inverse[:, 1:, :]
    potential = potentials_mv[:, mesh.tetrahedra[cells]] / 1000
    flux = np.einsum("cxa,kca->kcx", gradient, potential) * (s_per_m * mesh.volumes_mm3)[cells][:, None]
    at_corner = np.einsum("cxa,kcx->kca", gradient, flux)
    return np.stack([_at(mesh, name, cells, at_corner) for name in ("C1", "C2", "C3", "case")], axis=1)


def _at(mesh: VolumeMesh, mark: str, cells: Ints, at_corner: Floats) -> Floats:
    nodes = np.zeros(len(mesh.points_mm), dtype=np.bool_)
    nodes[mesh.marked(mark)] = True
    current: Floats = (at_corner * nodes[mesh.tetrahedra[cells]]).sum(axis=(1, 2))
    return current
