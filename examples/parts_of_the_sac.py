"""What fills the dural sac, and whether the parts add up to the whole.

The solids of a model partition space: cord, fluid and roots share their surfaces, so their volumes add up to
the volume inside the dura, with nothing counted twice and nothing left out.
"""

from cauda import anatomy
from cauda.phantom import virtual_subject


def main() -> float:
    """Print the volume of each tissue inside the dura; return what their sum misses, in mm3."""
    model = anatomy.build(virtual_subject(seed=7, index=1))
    whole_mm3 = model.surfaces["dura_inner"].volume_mm3
    inside = ("white_matter", "gray_matter", "filum", "csf", "dorsal_root", "ventral_root")
    volumes_mm3 = {
        tissue: sum(part.volume_mm3 for part in model.surfaces.values() if part.tissue == tissue)
        for tissue in inside
    }
    for tissue, volume_mm3 in volumes_mm3.items():
        print(f"{tissue:12} {volume_mm3:8.0f} mm3 {volume_mm3 / whole_mm3:4.0%}")
    print(f"{'whole':12} {whole_mm3:8.0f} mm3")
    return abs(whole_mm3 - sum(volumes_mm3.values()))


if __name__ == "__main__":
    main()
