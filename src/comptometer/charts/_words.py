"""The words of charts in English and Chinese, in one place. Numbers, names of models and credits stay as they are."""

from __future__ import annotations

from collections.abc import Mapping
from math import inf
from typing import Final

from comptometer import text
from comptometer.charts import Language
from comptometer.charts._words_calibration import CALIBRATION
from comptometer.charts._words_history import HISTORY
from comptometer.charts._words_ledger import LEDGER
from comptometer.charts._words_outlook import OUTLOOK

_COLUMN: Final[Mapping[Language, int]] = {"en": 0, "zh": 1}

WORDS: Final[Mapping[str, tuple[str, str]]] = {
    # Axes
    "published": ("Date of publication", "发布日期"),
    "released": ("Date of release", "上市日期"),
    "year": ("Year of publication", "发布年份"),
    "pfs-days": ("petaFLOP/s-days", "petaFLOP/s-days（千万亿次·天）"),
    "axis": ("{label} ({unit})", "{label}（{unit}）"),
    "ratio": ("Hardware-time over count", "硬件×时间 ÷ 计数"),
    "growth-axis": ("Growth a year (factor)", "年增长（倍）"),
    "share-without": ("Share of models without training compute", "无训练计算量数据的模型占比"),
    # Quantities
    "compute": ("Training compute", "训练计算量"),
    "parameters": ("Parameters", "参数量"),
    "data": ("Size of the training data", "训练数据规模"),
    "time": ("Training time", "训练时长"),
    "chips": ("Chips of one run", "单次训练芯片数"),
    "power": ("Power draw", "功耗"),
    "cost": ("Cost of training, amortised", "训练成本（摊销）"),
    "cloud-cost": ("Cost of training, rented", "训练成本（租用）"),
    "upfront-cost": ("Price of the machines", "硬件购置价"),
    "chip-fp32": ("Peak of a chip in fp32", "芯片 fp32 峰值"),
    "chip-matrix16": ("Peak of a chip in 16-bit products", "芯片 16 位矩阵峰值"),
    "fp32-per-watt": ("fp32 per watt", "每瓦 fp32"),
    "matrix16-per-watt": ("16-bit products per watt", "每瓦 16 位矩阵"),
    "fp32-per-dollar": ("fp32 per dollar", "每美元 fp32"),
    "matrix16-per-dollar": ("16-bit products per dollar", "每美元 16 位矩阵"),
    "chip-memory": ("Memory of a chip", "芯片内存"),
    "chip-bandwidth": ("Memory bandwidth of a chip", "芯片内存带宽"),
    # Which models
    "all": ("all models", "全部模型"),
    "notable": ("notable models", "知名模型"),
    "frontier": ("models among the {top} largest at release", "发布时位列前 {top} 的模型"),
    "records": ("models larger than all before", "刷新纪录的模型"),
    "large-scale": ("large-scale models", "大规模模型"),
    "regular-scale": ("models of regular scale", "常规规模模型"),
    "of-all": ("ranked among all models", "在全部模型中排名"),
    "gpus": ("GPUs", "GPU"),
    "learning-chips": ("chips for machine learning", "机器学习芯片"),
    "open": ("open weights", "开放权重"),
    "closed": ("closed weights", "未开放权重"),
    "no-fine-tunes": ("without those built on another", "不含基于其他模型的"),
    "without": ("without {names}", "不含 {names}"),
    "from": ("from {day}", "自 {day} 起"),
    "to": ("to {day}", "至 {day}"),
    "reported": ("values as the table reports", "数值取自数据表"),
    "estimated": ("values as we estimate", "数值为本软件估算"),
    # Kinds
    "language": ("language", "语言"),
    "vision": ("vision, images, video", "视觉、图像、视频"),
    "games": ("games", "游戏"),
    "multimodal": ("multimodal", "多模态"),
    "biology": ("biology", "生物"),
    "other": ("other domains", "其他领域"),
    "other-makers": ("other makers", "其他厂商"),
    "record": ("larger than all before", "刷新纪录"),
    "top": ("among the {top} largest at release", "发布时位列前 {top}"),
    "rest": ("all others", "其余模型"),
    "consistent": ("consistent", "一致"),
    "tension": ("tension", "略有出入"),
    "conflict": ("conflict", "冲突"),
    # Growth
    "grew": ("{label} grew ×{growth} a year, {first} to {last}", "{label}每年 ×{growth}，{first} 至 {last}"),
    "grew-90": (" (90% {spread})", "（90% 区间 {spread}）"),
    "grew-in-parts": ("{label} grew {parts}", "{label}：{parts}"),
    "part": ("×{growth} a year {first} to {last}", "{first} 至 {last} 每年 ×{growth}"),
    "then": (", then ", "，随后 "),
    "a-year": ("×{growth} a year", "每年 ×{growth}"),
    "doubling": ("Doubling every {months} months", "每 {months} 个月翻一番"),
    "no-doubling": ("It does not double", "没有翻番"),
    "doubling-90": (" (90% {spread})", "（90% 区间 {spread}）"),
    "doubling-now": (" since {first}", "（{first} 以来）"),
    "points": ("n = {n} {what} of {organizations} organizations", "n = {n}（{what}，{organizations} 家机构）"),
    "fit": (
        "Line: {method}; dark band: 90% of the line, {unit} resampled; pale band between dotted lines: 90% of single "
        "new points. A month is 30.4375 days.",
        "直线：{method}；深色带：直线的 90% 区间（按{unit}重抽样）；点线间浅色带：单个新数据点的 90% 区间。"
        "一个月按 30.4375 天计。",
    ),
    "by-organization": ("organizations", "机构"),
    "by-model": ("models", "模型"),
    "break": ("break {day}", "转折 {day}"),
    "break-90": ("90% {first} to {last}", "90% {first} 至 {last}"),
    "not-identified": ("not identified", "未能确认"),
    "era": ("era {number}", "阶段 {number}"),
    "no-value": (
        "{without} of {asked} {what} have no value and are not drawn; they are not missing at random.",
        "{asked} 个{what}中有 {without} 个没有数值，未画出；缺失并非随机。",
    ),
    "what-models": ("models", "模型"),
    "what-chips": ("chips", "芯片"),
    "source": ("Source: {credit} ({licence}).", "来源：{credit}（{licence}）。"),
    "described": (
        "{title}: {n} points from {first} to {last} with a fitted line and its bands.",
        "{title}：{first} 至 {last} 的 {n} 个数据点、拟合直线及其区间。",
    ),
    # Relation
    "relation-title": (
        "{y} against {x}: exponent {exponent} (90% {spread})",
        "{y}与{x}：指数 {exponent}（90% 区间 {spread}）",
    ),
    "relation-fit": (
        "×10 across goes with ×{factor} upwards; R² {r2}; scatter {sd} dex (×{fold})",
        "横轴 ×10 对应纵轴 ×{factor}；R² {r2}；残差标准差 {sd} dex（×{fold}）",
    ),
    "relation-line": (
        "Line: least squares of the logarithms; dark band: 90% of the line, {unit} resampled; pale band between dotted "
        "lines: 90% of single new models.",
        "直线：对数最小二乘；深色带：直线的 90% 区间（按{unit}重抽样）；点线间浅色带：单个新模型的 90% 区间。",
    ),
    "relation-lacking": (
        "{lacking} of {asked} models lack one of the two and are not drawn; they are not missing at random.",
        "{asked} 个模型中有 {lacking} 个缺少其中一项，未画出；缺失并非随机。",
    ),
    "relation-described": (
        "{title}: {n} points with a fitted line and its bands.",
        "{title}：{n} 个数据点、拟合直线及其区间。",
    ),
    "exponent": ("exponent {exponent}", "指数 {exponent}"),
    # Frontier
    "frontier-title": (
        "The {top} largest models at release grew ×{growth} a year, {first} to {last} (90% {spread})",
        "发布时最大的 {top} 个模型每年 ×{growth}，{first} 至 {last}（90% 区间 {spread}）",
    ),
    "frontier-subtitle": (
        "{n} models with a value ({data}, {values}): {tops} were among the {top} largest when they came "
        "out, {records} of "
        "them larger than all before. Solid line: least squares through those {tops}, with the 90% band of the line. "
        "Dashed: the line of AI and Compute (2018), doubling every {months} months, fitted to its 15 "
        "models and drawn on.",
        "共 {n} 个有数值的模型（{data}，{values}）：{tops} 个发布时位列前 {top}，其中 {records} 个刷新纪"
        "录。实线：对这 {tops} 个模型的"
        "最小二乘拟合及直线的 90% 区间。虚线：“AI and Compute”（2018）的直线，每 {months} 个月翻一番，由"
        "其 15 个模型拟合并外推。",
    ),
    "line-2018": (
        "AI and Compute, 2018:\ndoubling every {months} months",
        "AI and Compute（2018）：\n每 {months} 个月翻一番",
    ),
    "note-2018": (
        "Dashed line: fitted to the 15 models of AI and Compute and drawn on. {source}.",
        "虚斜线：由“AI and Compute”的 15 个模型拟合并外推。{source}。",
    ),
    "era-before": ("before deep learning", "深度学习之前"),
    "era-deep": ("deep learning", "深度学习"),
    "era-large": ("large-scale", "大规模"),
    "note-eras": ("Eras: {source}.", "阶段划分：{source}。"),
    "laws": ("Level dashes: {laws}.", "横虚线：{laws}。"),
    # Chips
    "chips-title": (
        "Peak of GPUs grew ×{peak} a year, per watt ×{watt}, per dollar ×{dollar}",
        "GPU 峰值每年 ×{peak}，每瓦 ×{watt}，每美元 ×{dollar}",
    ),
    "chips-subtitle": (
        "Factors are of fp32, {first} to {last}; a line for each format: least squares of the logarithm, "
        "with the 90% band "
        "of the line, makers resampled. 16-bit: dense matrix products. Dollars: price at release, of its "
        "time. {data}.",
        "倍数按 fp32 计，{first} 至 {last}；每种格式一条直线：对数最小二乘，附直线的 90% 区间（按厂商重抽"
        "样）。16 位：稠密矩阵乘。"
        "美元：上市价，当时币值。{data}。",
    ),
    "chips-note": (
        "Points, of {asked} GPUs: {counts}; the others have no value.",
        "{asked} 款 GPU 中，有数值者：{counts}。",
    ),
    "fp32": ("fp32", "fp32"),
    "matrix16": ("16-bit products", "16 位矩阵"),
    "panel-peak": ("Peak (FLOP/s)", "峰值（FLOP/s）"),
    "panel-watt": ("Peak per watt (FLOP/s/W)", "每瓦峰值（FLOP/s/W）"),
    "panel-dollar": ("Peak per dollar (FLOP/s/USD)", "每美元峰值（FLOP/s/USD）"),
    "format-line": ("{name}: ×{growth} a year (90% {spread})", "{name}：每年 ×{growth}（90% 区间 {spread}）"),
    # Agreement
    "agreement-title": (
        "Time and machines agree with the count within 2× for {two} of {n} models, within 3× for {three}",
        "{n} 个模型中，硬件×时间与计数相差不到 2 倍的有 {two} 个，不到 3 倍的有 {three} 个",
    ),
    "agreement-subtitle": (
        "Every model of the catalogue with both estimates ({data}); ratio of their medians, median "
        "{median}. The verdict "
        "weighs the ratio against how uncertain the two are. Pale points confirm nothing: the two share "
        "evidence, or one of them does not enter the value.",
        "目录中两种估算俱全的所有模型（{data}）；取两者中位数之比，其中位数为 {median}。判定同时考虑两者"
        "的不确定性。浅色点不能相互印证："
        "两者共用证据，或其一未计入结果。",
    ),
    "agreement-note": (
        "{without} of {all} models have only one of the two, or neither. Of {aside} that are shown one of the two "
        "does not enter the value, being far from what is stated. Named: more than 3× apart, as far as there is room.",
        "{all} 个模型中 {without} 个只有其一或两者皆无。图中 {aside} 个模型的两者之一与已公布数值相差过大，未计入结果。"
        "标名者相差超过 3 倍（位置允许时）。",
    ),
    "agreement-described": (
        "{title}: {n} points from {first} to {last}.",
        "{title}：{first} 至 {last} 的 {n} 个数据点。",
    ),
    # Estimate
    "method-operations": ("operations", "运算次数"),
    "method-parameters-tokens": ("parameters-tokens", "参数×词元"),
    "method-hardware-time": ("hardware-time", "硬件×时间"),
    "method-reported": ("reported", "公布值"),
    "method-recorded": ("recorded", "训练中计数"),
    "method-combined": ("combined", "综合"),
    "single-method": ("single-method", "仅一种方法"),
    "is": (": ", "："),
    "weight-of": ("weight {share}", "权重 {share}"),
    "weight-little": ("weight below 1%", "权重不足 1%"),
    "weight-none": ("no weight: not independent", "无权重：证据不独立"),
    "estimate-title": (
        "{name} took {value} FLOP to train (90% {spread})",
        "{name} 的训练计算量为 {value} FLOP（90% 区间 {spread}）",
    ),
    "estimate-subtitle": (
        "{pfs} petaFLOP/s-days (90% {spread}). Mark: median; thick bar: 50% of the possible values; thin bar: 90%. "
        "Verdict on the methods: {agreement}. A multiply-add counts as two operations.",
        "{pfs} petaFLOP/s-days（90% 区间 {spread}）。标记：中位数；粗条：50% 的可能取值；细条：90%。"
        "各方法判定：{agreement}。一次乘加计为两次运算。",
    ),
    "estimate-ratio": ("hardware over count: {ratio}", "硬件 ÷ 计数：{ratio}"),
    "estimate-described": (
        "{title}, by {n} methods and all of them together.",
        "{title}：{n} 种方法及其综合。",
    ),
    "evidence": ("Evidence: {sources}.", "证据：{sources}。"),
    "evidence-given": ("Evidence: as given.", "证据：由使用者给出。"),
    # Missing
    "missing-title": (
        "{share} of {which} of {year} have no training compute; of {past} it was {was}",
        "{year} 年的{which}有 {share} 没有训练计算量；{past} 年为 {was}",
    ),
    "missing-subtitle": (
        "Share of {which} without a value, by year of publication; below each year how many models the "
        "table has; pale: fewer than {few}. {data}; "
        "the table's values only, and no estimate of ours.",
        "按发布年份，没有数值的{which}占比；年份下方为该年收录的模型数；浅色：少于 {few} 个。{data}；仅计"
        "表中数值，不含本软件的估算。",
    ),
    "missing-note": (
        "A trend is fitted to the models with a value; who publishes is not a random sample.",
        "趋势只由有数值的模型拟合；公布者并非随机样本。",
    ),
    # Sensitivity
    "sensitivity-title": (
        "By definition, training compute grew between ×{low} and ×{high} a year",
        "按不同定义，训练计算量每年增长为 ×{low} 至 ×{high}",
    ),
    "sensitivity-subtitle": (
        "{n} defensible answers to one question. Point: the fit; bar: 90%, resampled. Upright line: the first answer.",
        "同一问题的 {n} 种合理回答。点：拟合值；横条：90% 区间（重抽样）。竖线：第一种回答。",
    ),
    "sensitivity-note": (
        "Not answered: {labels}.",
        "无法回答：{labels}。",
    ),
    "as asked": ("as asked", "原问题"),
    "models": ("which models", "模型范围"),
    "window": ("window", "时间窗口"),
    "table": ("table", "数据表"),
    "values": ("values", "数值来源"),
    "method": ("method", "拟合方法"),
    "resampling": ("resampling", "重抽样"),
    **OUTLOOK,
    **CALIBRATION,
    **LEDGER,
    **HISTORY,
    # Table of a page
    "rows": ("Table of the {n} rows", "数据表（{n} 行）"),
    "chart-region": ("Chart", "图"),
    "table-region": ("Table", "表"),
    "heading-name": ("model", "模型"),
    "heading-chip": ("chip", "芯片"),
    "heading-date": ("published", "发布"),
    "heading-organization": ("organization", "机构"),
    "heading-kind": ("kind", "类别"),
    "heading-ratio": ("hardware-time over count", "硬件×时间 ÷ 计数"),
    "heading-verdict": ("verdict", "判定"),
    "heading-year": ("year", "年份"),
    "heading-share": ("without a value", "无数值"),
    "heading-models": ("models", "模型数"),
    "heading-value": ("value", "数值"),
    "heading-label": ("definition", "定义"),
    "heading-growth": ("growth a year", "年增长倍数"),
    "heading-n": ("models", "模型数"),
    "heading-method": ("method", "方法"),
    "heading-weight": ("weight", "权重"),
    "heading-formula": ("formula", "公式"),
}

# Chinese for the labels of `sensitivity`; names of tables stay.
VARIANTS: Final[Mapping[str, str]] = {
    "the question": "原问题",
    "all models": "全部模型",
    "notable models": "知名模型",
    "larger than all before": "刷新纪录的模型",
    **{f"the {top} largest at release": f"发布时位列前 {top}" for top in (5, 10, 20)},
    "the 10 largest of all, not of the notable": "在全部模型中位列前 10",
    "large-scale models": "大规模模型",
    "models of regular scale": "常规规模模型",
    "without those built on another": "不含基于其他模型的",
    "confident figures only": "仅可信数值",
    "confident and likely figures": "可信与较可能的数值",
    "language only": "仅语言模型",
    "open weights": "开放权重",
    "without AlphaGo Zero and AlphaGo Master": "不含 AlphaGo Zero 与 AlphaGo Master",
    **{f"from {year}": f"自 {year} 年起" for year in (2010, 2012, 2015, 2018, 2020)},
    **{f"to {year}": f"至 {year} 年" for year in (2020, 2023)},
    "our estimates": "本软件估算",
    "median": "中位数",
    "ninth decile": "第九十分位数",
    "Theil–Sen": "Theil–Sen",
    "last line, where a break is identified": "确认转折后的最后一段",
    "after 2018, lines that meet": "2018 年后，相接的两段直线",
    "by model": "按模型",
    "by organization": "按机构",
    "values redrawn as uncertain as they are": "数值按其不确定性重抽",
}


def say(key: str, language: Language, **values: object) -> str:
    """The words of this name, with what stands in their braces.

    >>> say("a-year", "en", growth="4.4"), say("a-year", "zh", growth="4.4")
    ('×4.4 a year', '每年 ×4.4')
    """
    return WORDS[key][_COLUMN[language]].format(**values)


def spread(row: Mapping[str, float | None], language: Language, digits: int = 3) -> str:
    """The two ends of a fitted number's 90% interval; an end that resampling does not give is unbounded.

    >>> spread({"p5": 3.94, "p95": 4.97}, "zh")
    '3.94 至 4.97'
    """
    low, high = row["p5"], row["p95"]
    said = text.interval(-inf if low is None else low, inf if high is None else high, digits)
    return said if language == "en" else said.replace(" to ", " 至 ")


def sentences(parts: list[str], language: Language) -> str:
    """Sentences of a subtitle after one another."""
    return ". ".join(parts) if language == "en" else "。".join(parts)


def listed(parts: list[str], language: Language) -> str:
    """Parts of a sentence after one another."""
    return (", " if language == "en" else "，").join(part for part in parts if part)
