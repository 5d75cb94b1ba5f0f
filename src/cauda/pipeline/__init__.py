"""Work that takes several stages: the same question put to other models, leads and fields.

`search_places` looks for the place of a lead and the currents that recruit a root best; `cases_of` and
`recruit_cases` tell how thresholds change with what is not known.
"""

from cauda.pipeline.cases import Case, cases_of, conductivity_cases
from cauda.pipeline.fields import Fields
from cauda.pipeline.place_search import Aim, Places, search_places
from cauda.pipeline.uncertainty import Found, Question, recruit_cases, recruit_sets

__all__ = [
    "Aim",
    "Case",
    "Fields",
    "Found",
    "Places",
    "Question",
    "cases_of",
    "conductivity_cases",
    "recruit_cases",
    "recruit_sets",
    "search_places",
]
