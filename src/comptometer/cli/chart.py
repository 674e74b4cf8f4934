"""`comptometer chart`."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("chart")
@click.argument("name")
@click.argument("out", type=click.Path(path_type=Path))
@click.option("--scale", type=click.Choice(["log", "linear"]), default="log", help="Scale of the compute axis.")
@click.option("--theme", type=click.Choice(["light", "dark"]), default="light", help="Colours.")
def command(name: str, out: Path, scale: str, theme: str) -> None:
    """Draw chart NAME to OUT: .svg, .png, .pdf, .html (works offline) or .json (Vega-Lite).

    \b
    Charts:
      openai-2018        the chart of AI and Compute
      openai-2019-eras   the two eras of its addendum
      calibration        how often intervals hold the count, and how far off chip-hours are
      estimate:MODEL     every method's estimate of one model, e.g. estimate:alexnet
      count:TARGET       where the operations are, e.g. count:config.json or count:alexnet

    \b
    Examples:
      comptometer chart openai-2018 chart.svg
      comptometer chart openai-2018 chart.html --scale linear --theme dark
    """
    from comptometer.charts import Look, draw, save

    save(draw(name, Look(theme=theme, scale=scale)), out)  # type: ignore[arg-type]
    click.echo(str(out))
