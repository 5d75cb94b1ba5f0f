import numpy as np
import pytest

from cauda.arrays import Bools, Floats
from cauda.errors import QualityError
from cauda.quality.bias import bias_field

SPACING = (4.0, 4.0, 4.0)


def body_and_tissue(shape: tuple[int, int, int] = (40, 36, 32)) -> tuple[Bools, Floats]:
    """Return an ellipsoid, and two tissues in layers within it."""
    places = np.stack(np.meshgrid(*(np.linspace(-1, 1, size) for size in shape), indexing="ij"))
    body = (places**2).sum(axis=0) < 0.9
    layers = np.sin(9 * places[0]) * np.sin(8 * places[1]) > 0
    return body, np.where(body, np.where(layers, 900.0, 500.0), 0.0)


def shading(shape: tuple[int, ...], strength: float) -> Floats:
    along = np.linspace(-1, 1, shape[1])[None, :, None]
    return np.asarray(np.exp(strength * along) * np.ones(shape))


def test_smooth_shading_is_found() -> None:
    body, tissue = body_and_tissue()
    true = shading(body.shape, 0.4)
    noise = np.random.default_rng(0).normal(0, 10, body.shape)
    found = np.log(bias_field(np.maximum(true * tissue + body * noise, 0), body, SPACING)[body])
    wanted = np.log(true[body])
    wanted -= wanted.mean()
    assert found.mean() == pytest.approx(0, abs=0.01)
    assert np.corrcoef(found, wanted)[0, 1] > 0.97
    assert (found - wanted).std() < 0.35 * wanted.std()


def test_where_nothing_shades_the_field_is_nearly_flat() -> None:
    body, tissue = body_and_tissue()
    assert np.log(bias_field(tissue, body, SPACING)[body]).std() < 0.03


def test_neither_unit_nor_what_lies_round_the_body_changes_the_field() -> None:
    body, tissue = body_and_tissue()
    image = shading(body.shape, 0.3) * tissue
    found = bias_field(image, body, SPACING)
    np.testing.assert_allclose(bias_field(1e4 * image, body, SPACING), found, rtol=1e-5)
    wide = bias_field(np.pad(image, 5), np.pad(body, 5), SPACING)
    np.testing.assert_array_equal(wide[5:-5, 5:-5, 5:-5], found)
    np.testing.assert_array_equal(bias_field(image, body, SPACING), found)


def test_a_body_too_small_is_a_reason() -> None:
    with pytest.raises(QualityError, match="wanted 200"):
        bias_field(np.ones((5, 5, 5)), np.ones((5, 5, 5), dtype=np.bool_), SPACING)
    with pytest.raises(QualityError, match="body"):
        bias_field(np.ones((5, 5, 5)), np.zeros((5, 5, 5), dtype=np.bool_), SPACING)
