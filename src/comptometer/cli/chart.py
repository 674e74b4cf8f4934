"""`comptometer chart`."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("chart")
@click.argument("name")
@click.argument("out", type=click.Path(path_type=Path))
@click.option("--scale", type=click.Choice(["log", "linear"]), default="log", help="Scale of the compute axis.")
@click.option("--theme", type=click.Choice(["light", "dark"]), default="light", help="Colours.")
@click.option("--language", type=click.Choice(["en", "zh"]), default="en", help="Of the words.")
def command(name: str, out: Path, scale: str, theme: str, language: str) -> None:
    """Draw chart NAME to OUT: .svg, .png, .pdf, .html (works offline) or .json (Vega-Lite).

    \b
    Charts:
      openai-2018        the chart of AI and Compute
      openai-2019-eras   the two eras of its addendum
      calibration        how often intervals hold the count, and how far off chip-hours are
      trend              how fast training compute grows
      relation           training compute against parameters
      frontier           the largest models at release, records, and lines of regulations
      chips              what a chip computes, per watt and per dollar
      agreement          hardware-time over the count, for every model with both
      missing            how many models have no training compute, by year
      sensitivity        the same question under every definition
      projection         the trend forward, with what each limit allows
      cost               what the largest models cost to train: amortised, rented, bought
      decomposition      what growth is made of: chips, peak, time, utilization; money
      trend:QUESTION     any trend, e.g. "trend:select=frontier&since=2018-01-01"
      relation:QUESTION  any quantity against another, e.g. "relation:y=cost&x=compute"
      projection:FLAGS   any projection, e.g. "projection:to=2030&preset=epoch-2030"
      estimate:MODEL     every method's estimate of one model, e.g. estimate:alexnet
      count:TARGET       where the operations are, e.g. count:config.json or count:alexnet
      ledger-months:FOLDER  what a ledger holds, month by month and by stage
      ledger-stages:FOLDER  what each stage used, and what of it did not complete
      ledger-utilization:FOLDER  chip-hours by the utilization that sources state

    \b
    Examples:
      comptometer chart openai-2018 chart.svg
      comptometer chart openai-2018 chart.html --scale linear --theme dark
      comptometer chart "trend:quantity=cost&select=frontier&since=2016-01-01" cost.svg
      comptometer chart frontier frontier.html --language zh
    """
    from comptometer.charts import Look, draw, save

    save(draw(name, Look(theme=theme, scale=scale, language=language)), out)  # type: ignore[arg-type]
    click.echo(str(out))
