"""How far the contacts of a lead lie from the cord.

A paddle of 16 contacts lies on the dura behind T12, stiff across and bent along the spine. Between its
contacts and the cord are a film, the dura, and cerebrospinal fluid, whose depth decides more about thresholds
than any table of conductivities.
"""

import numpy as np

from cauda import anatomy, lead
from cauda.anatomy.distance import nearest
from cauda.phantom import virtual_subject


def main() -> float:
    """Print where each contact lies; return the least distance of a contact's center from the cord, in mm."""
    model = anatomy.build(virtual_subject(seed=7, index=1))
    paddle = lead.place(lead.catalog("specify-5-6-5-like"), model, top="vertebra:T12")
    cord = model.surfaces["cord"]
    centers_mm = np.array([contact.center_mm for contact in paddle.contacts])
    to_cord_mm = nearest(centers_mm, cord.vertices_mm, cord.triangles).distance_mm
    print(f"{paddle.type.title} ({paddle.type.status})")
    for contact, distance_mm in zip(paddle.contacts, to_cord_mm, strict=True):
        place = ", ".join(f"{value:.1f}" for value in contact.center_mm)
        distances = f"{contact.dura_mm:.2f} mm to the dura, {distance_mm:.2f} mm to the cord"
        print(f"{contact.name:4} RAS ({place}) mm: {distances}")
    return float(to_cord_mm.min())


if __name__ == "__main__":
    main()
