"""cauda: from MRI annotations of the lumbosacral spine to models that stimulation can be planned on.

Each stage is a folder with one verb: ``cauda.annotation.read``, ``cauda.check.check``,
``cauda.anatomy.build``, ``cauda.report.report``. Importing ``cauda`` alone imports no stage.
Points are RAS+ in mm everywhere, shape ``(n, 3)``.
"""

__version__ = "0.1.0"
