from cauda.recruitment.columns import CURVES, RECRUITMENT, SELECTIVITY

UNITS = {"_ma": "mA", "_mm": "mm", "_ms": "ms", "_um": "um"}


def test_the_columns_of_thresholds_are_those_that_others_read() -> None:
    wanted = "montage root side part class fiber diameter_um threshold_ma initiation_mm latency_ms block_ma"
    assert list(RECRUITMENT) == wanted.split()


def test_every_column_is_described_and_its_unit_is_that_of_its_name() -> None:
    for columns in (RECRUITMENT, CURVES, SELECTIVITY):
        for name, about in columns.items():
            assert about["Description"]
            suffix = next((end for end in UNITS if name.endswith(end)), None)
            if suffix:
                assert about["Units"] == UNITS[suffix], name
