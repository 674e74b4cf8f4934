"""The files that come in, so that editors can check them as well."""

from __future__ import annotations

from comptometer.documents import document
from comptometer.law_shapes import RegulationFile
from comptometer.shapes import ChipFile, DossierFile, SourceFile

document("chip")(ChipFile)
document("dossier")(DossierFile)
document("regulation")(RegulationFile)
document("source")(SourceFile)
