"""The words of the charts of the article of 2018, of its addendum, and of where operations are, in English and Chinese.

What a study's data say of an era in English has its Chinese here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

HISTORY: Final[Mapping[str, tuple[str, str]]] = {
    # Timelines
    "heading-model": ("model", "模型"),
    "heading-origin": ("value", "数值来源"),
    "era": ("era", "时期"),
    "our-reading": ("our reading", "我们的解读"),
    "doubling-every": ("doubling every {months} months", "每 {months} 个月翻一番"),
    "spoken-point": (
        "{model}, {day}: {flop} FLOP, {pfs} petaFLOP/s-days, {kind}",
        "{model}，{day}：{flop} FLOP，{pfs} petaFLOP/s-days，{kind}",
    ),
    "below-ground": (
        "{left_out} of the {all} points lie below {share} of the largest:\nthe logarithmic scale tells them apart",
        "{all} 个点中有 {left_out} 个低于最大值的 {share}：\n对数刻度可将其区分",
    ),
    # AI and Compute (2018)
    "kind-operations": ("operations counted", "按运算计数"),
    "kind-hardware-time": ("hardware × time", "硬件 × 时间"),
    "kind-reported": ("reported, no working published", "仅有报告值，未公布算法"),
    "machines": ("{chips} GPUs of {rate}", "{chips} 块 GPU，各 {rate}"),
    "range": ("{low} to {high}", "{low} 至 {high}"),
    "article-title": (
        "Training compute doubled every {months} months, {first} to {last} (90% {spread})",
        "{first} 至 {last} 年，训练计算量每 {months} 个月翻一番（90% {spread}）",
    ),
    "article-subtitle": (
        "n = {n} models. Operations of the final training run, a multiply-add counting as two; 1 petaFLOP/s-day = "
        "8.64e19 FLOP. Line: least squares of the logarithm on the date; band: 90% of the mean line, models resampled. "
        "A month is {days} days.",
        "n = {n} 个模型。最终一次训练的运算量，一次乘加计为两次；1 petaFLOP/s-day = 8.64e19 FLOP。直线：对数对日期的"
        "最小二乘；条带：平均线的 90% 区间（按模型重抽样）。一个月按 {days} 天计。",
    ),
    "article-note": (
        "Source: {source}; the values behind its first chart. Line and band: our recomputation. Shaded eras: our "
        "reading of the article’s text; the original chart has none.\n{banner}",
        "来源：{source}；其第一幅图所依据的数值。直线与条带：本软件重算。阴影时期：我们对文章正文的解读，原图中没有。"
        "\n{banner}",
    ),
    "article-description": (
        "{title}: {n} models of the article AI and Compute, with the line fitted through them.",
        "{title}：《AI and Compute》一文中的 {n} 个模型及其拟合直线。",
    ),
    # Its addendum (2019)
    "kind-read": ("read off the addendum’s picture", "自增补文章的图中读取"),
    "kind-counted": ("counted by Epoch AI", "由 Epoch AI 计数"),
    "kind-charted": ("as charted in 2018", "2018 年图中数值"),
    "first-era": ("first era", "第一时期"),
    "modern-era": ("modern era", "现代时期"),
    "to-year": ("to {year}", "至 {year} 年"),
    "from-year": ("from {year}", "自 {year} 年"),
    "eras-title": (
        "Training compute doubled every {slow} months until {year}, then every {fast} months",
        "{year} 年前训练计算量每 {slow} 个月翻一番，此后每 {fast} 个月",
    ),
    "eras-subtitle": (
        "Until {year}: n = {first}, 90% {slow} months. From {year}: n = {modern}, 90% {fast} months. Lines: least "
        "squares of the logarithm on the date, dashed beyond their data; bands: 90% of the mean line, models "
        "resampled. A month is {days} days.",
        "{year} 年前：n = {first}，90% {slow} 个月。自 {year} 年：n = {modern}，90% {fast} 个月。直线：对数对日期的"
        "最小二乘，虚线为数据范围之外；条带：平均线的 90% 区间（按模型重抽样）。一个月按 {days} 天计。",
    ),
    "eras-note": (
        "Of the {whole} values of the first era {read} were read off the addendum’s picture and {counted} counted by "
        "Epoch AI for the same models, because none was published as a number: take them as within an order of "
        "magnitude. Labels for which there is no room are left out.\nSources: {addendum}; {readings}.\n{banner}",
        "第一时期的 {whole} 个数值中，{read} 个读自增补文章的图，{counted} 个由 Epoch AI 为同一模型计数，因为均未以"
        "数字公布：请视为数量级以内的估计。放不下的标签已略去。\n来源：{addendum}；{readings}。\n{banner}",
    ),
    "eras-description": (
        "{title}: {n} models from {first} to {last} and two fitted lines.",
        "{title}：{first} 至 {last} 年的 {n} 个模型及两条拟合直线。",
    ),
    # Where operations are
    "heading-module": ("module", "模块"),
    "heading-operation": ("operation", "运算"),
    "heading-forward": ("forward FLOP", "前向 FLOP"),
    "heading-backward": ("backward FLOP", "反向 FLOP"),
    "heading-share-forward": ("share of forward", "占前向的比例"),
    "spoken-module": ("{module}: {share} of the forward pass", "{module}：占前向计算的 {share}"),
    "in-linear": ("linear layers", "线性层"),
    "in-convolution": ("convolutions", "卷积"),
    "in-recurrence": ("recurrent layers", "循环层"),
    "in-attention": ("attention", "注意力"),
    "count-all": ("All of the forward pass is in {where}", "前向计算全部在{where}"),
    "count-title": ("{share} of the forward pass is in {where}", "前向计算的 {share} 在{where}"),
    "batch": ("batch {n}", "批量 {n}"),
    "tokens": ("{n} tokens", "{n} 个词元"),
    "image": ("image {height} × {width}", "图像 {height} × {width}"),
    "count-subtitle": (
        "{target}, {shape}: {forward} FLOP forward, {training} forward and backward; attention {attention}",
        "{target}，{shape}：前向 {forward} FLOP，前向与反向共 {training}；注意力：{attention}",
    ),
    "attention-full": ("full", "全部"),
    "attention-causal": ("causal", "因果"),
    "attention-half": ("half", "减半"),
    "count-note": (
        "A multiply-add is 2 FLOP. Counted from {backend}; {banner}.",
        "一次乘加为 2 FLOP。计数自 {backend}；{banner}。",
    ),
    "too-narrow": (
        "Not drawn: {n} too narrow to be seen; the table of `comptometer count` has all.",
        "未画出：{n} 个窄到看不清的模块；`comptometer count` 的表中均有。",
    ),
    "count-description": (
        "Modules of {target} by their share of the forward pass.",
        "{target} 的各模块及其占前向计算的比例。",
    ),
}

# Chinese for the eras of the article and what limited each, as our data of the study have them.
ERAS: Final[Mapping[str, str]] = {
    "before 2012": "2012 年前",
    "2012 to 2014": "2012 至 2014 年",
    "2014 to 2016": "2014 至 2016 年",
    "2016 to 2017": "2016 至 2017 年",
    "GPUs for learning are rare; any point of the chart hard to reach": "用 GPU 做学习尚属罕见；图中任何一点都难以达到",
    "no infrastructure for many GPUs": "缺少多 GPU 的基础设施",
    "diminishing returns of data parallelism": "数据并行的收益递减",
    "raised by huge batches, architecture search, expert iteration, TPUs and faster interconnect": (
        "因超大批量、架构搜索、专家迭代、TPU 与更快的互连而提高"
    ),
}
