"""What each column of the catalogue's rows holds: kind, unit and meaning."""

from __future__ import annotations

from comptometer.table import Column
from comptometer.vocabulary import FORMATS

MODELS = (
    Column(name="id", kind="text", about="developer/model, unique"),
    Column(name="name", kind="text", about="name of the model"),
    Column(name="developer", kind="text", about="who trained it"),
    Column(name="country", kind="text", about="countries of the developers, as the table says"),
    Column(name="published", kind="day", about="day of publication"),
    Column(name="domain", kind="texts", about="what the model is for"),
    Column(name="notable", kind="flag", about="does a table mark it as notable?"),
    Column(name="open_weights", kind="flag", about="are the weights open, as the table says?"),
    Column(name="origin", kind="category", about="curated, or the vintage of the table that the model is from"),
    Column(name="confidence", kind="category", about="how sure the makers of the table are of their figure"),
    Column(name="parameters", kind="number", unit="parameter", about="parameters, total"),
    Column(name="active_parameters", kind="number", unit="parameter", about="parameters that one token uses"),
    Column(name="tokens", kind="number", unit="token", about="tokens seen, epochs included"),
    Column(name="training_compute_flop", kind="number", unit="FLOP", about="training compute, reconciled: median"),
    Column(name="basis", kind="category", about="what that holds: total (a training from the start), total-with-base "
           "(with what the base model took), or increment (only what was spent on top of the base model)"),
    Column(name="total_compute_flop", kind="number", unit="FLOP",
           about="training compute with that of the base models: median; empty where that is not known"),
    Column(name="p5", kind="number", unit="FLOP", about="lower end of its 90% interval"),
    Column(name="p95", kind="number", unit="FLOP", about="upper end of its 90% interval"),
    Column(name="methods", kind="texts", about="methods that the evidence allows"),
    Column(name="aside", kind="texts", about="those that do not enter the value: they are far from what is stated"),
    Column(name="operations_flop", kind="number", unit="FLOP", about="median of method operations"),
    Column(name="parameters_tokens_flop", kind="number", unit="FLOP", about="median of method parameters-tokens"),
    Column(name="hardware_time_flop", kind="number", unit="FLOP", about="median of method hardware-time"),
    Column(name="reported_flop", kind="number", unit="FLOP", about="median of method reported"),
    Column(name="ratio", kind="number", about="hardware-time over the best count"),
    Column(name="z", kind="number", about="how far methods are apart, in standard deviations"),
    Column(name="verdict", kind="category", about="consistent, tension, conflict, single-method, or none"),
    Column(name="independent", kind="flag", about="did more than one independent witness enter the value?"),
    Column(name="rank_at_release", kind="count", about="place by total compute among all published by then"),
    Column(name="chip", kind="text", about="chip, or family of chips, that it was trained on"),
    Column(name="chips", kind="number", unit="chip", about="how many"),
    Column(name="chip_hours", kind="number", unit="chip-hour", about="chips times hours"),
    Column(name="base_model", kind="text", about="model that it was built on"),
    Column(name="reference", kind="text", about="title of the publication"),
    Column(name="link", kind="text", about="address of the publication"),
)  # fmt: skip


def peak_column(precision: str) -> str:
    """The name of the column with the dense peak in one number format."""
    return f"{precision}_{'operations' if precision == 'int8' else 'flop'}_per_second"


CHIPS = (
    Column(name="id", kind="text", about="vendor/chip, unique"),
    Column(name="name", kind="text", about="name of the chip"),
    Column(name="vendor", kind="category", about="who makes it"),
    Column(name="family", kind="text", about="name that it shares with others"),
    Column(name="kind", kind="category", about="gpu, tpu, cpu or accelerator"),
    Column(name="form_factor", kind="text", about="what is built around it"),
    Column(name="announced", kind="day", about="day of the announcement"),
    Column(name="available", kind="day", about="first day on which it could be had"),
    Column(name="unit", kind="category", about="what counts as one: chip, package, board or system"),
    Column(name="dies_per_unit", kind="count", about="pieces of silicon that compute, in one unit"),
    Column(name="devices_per_unit", kind="count", about="what a program sees of one unit"),
    Column(name="process_nm", kind="number", unit="nm", about="name of the manufacturing process"),
    Column(name="default_precision", kind="texts", about="number formats of a run of which nobody says it"),
    *(
        Column(
            name=peak_column(precision), kind="number",
            unit="operation/s" if precision == "int8" else "FLOP/s",
            about=f"dense peak in {precision} per unit, with fp32 accumulation where the record tells",
        )
        for precision in FORMATS
    ),
    Column(name="tdp_watt", kind="number", unit="W", about="design power of one unit"),
    Column(name="memory_bytes", kind="number", unit="byte", about="memory of one unit"),
    Column(name="memory_bytes_per_second", kind="number", unit="byte/s", about="memory bandwidth of one unit"),
    Column(name="scale_up_bytes_per_second", kind="number", unit="byte/s", about="all links to neighbours"),
    Column(name="aliases", kind="texts", about="other names"),
    Column(name="note", kind="text", about="what a reader should know"),
)  # fmt: skip
