"""The errors that cauda raises, and the findings that it reports.

Every error is a `CaudaError` and a builtin error as well, so that callers may catch either. A message
says where, what was found, what was wanted and, where it helps, what to do.
"""

from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning"]


class CaudaError(Exception):
    """Anything that cauda refuses; its message is meant to be shown to the user as it is."""


class ArrayError(CaudaError, ValueError):
    """An array has the wrong shape or holds values that are not finite."""


class DatasetError(CaudaError, ValueError):
    """A dataset's folder does not hold what was asked for."""


class AnnotationError(CaudaError, ValueError):
    """An annotation cannot be read, or is not one of a spine."""


class QualityError(CaudaError, ValueError):
    """A metric of image quality cannot be measured on these arrays; the message is the reason."""


class BuildError(CaudaError, ValueError):
    """No model can be built from this annotation with these settings."""


class RootError(BuildError):
    """One root stands in the way of a model; without it there may be one.

    Attributes
    ----------
    root : str
        Its name, such as ``L4_R``.
    """

    def __init__(self, root: str, reason: str) -> None:
        super().__init__(f"{root}: {reason}")
        self.root = root
        self.reason = reason


class ModelError(CaudaError, ValueError):
    """A model on disk cannot be read."""


class LevelError(CaudaError, ValueError):
    """A level along the spine is not one that is known, or the model does not reach it."""


class LeadError(CaudaError, ValueError):
    """A lead is not known, is not one that can be placed, or does not fit where it was to be placed."""


class MeshError(CaudaError, ValueError):
    """No volume mesh can be made of these regions, or one on disk cannot be read."""


class FieldError(CaudaError, ValueError):
    """No field can be computed on this mesh with these conductivities, contacts or currents."""


class FiberError(CaudaError, ValueError):
    """A fiber, a pulse or the potentials along a fiber are not such as can be computed with."""


class RecruitmentError(CaudaError, ValueError):
    """Recruitment cannot be computed of these fibers and montages, or a table of it cannot be read."""


class PhantomError(CaudaError, ValueError):
    """No virtual subject can be made with these arguments."""


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One thing that is worth telling about an input.

    Attributes
    ----------
    severity : "error" or "warning"
        An error makes ``cauda check`` end with status 1.
    code : str
        Short stable name of the rule, such as ``"slice-gap"``.
    file : str
        Name of the file (or of the markup) that it is about; never an absolute path.
    what : str
        What was found and what was wanted.
    advice : str
        What to do.
    """

    severity: Severity
    code: str
    file: str
    what: str
    advice: str

    def __str__(self) -> str:
        return f"{self.severity}: {self.file}: {self.what} ({self.advice})"
