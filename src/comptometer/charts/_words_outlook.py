"""The words of the charts of cost, decomposition and projection in English and Chinese."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

OUTLOOK: Final[Mapping[str, tuple[str, str]]] = {
    # Cost
    "cost-axis": ("Cost of training (USD)", "训练成本（美元）"),
    "kind-cost": ("amortised", "摊销"),
    "kind-cloud-cost": ("rented", "租用"),
    "kind-upfront-cost": ("price of the machines", "硬件购置价"),
    "cost-part": ("{kind} ×{growth} a year", "{kind}每年 ×{growth}"),
    "cost-interval": ("{kind} {spread} (n = {n})", "{kind} {spread}（n = {n}）"),
    "cost-title": ("Cost of training the largest models: {parts}", "最大模型的训练成本：{parts}"),
    "cost-subtitle": (
        "Models among the {top} largest at release with a cost, {first} to {last}, {data}. Amortised: value that the "
        "machines lost, with energy; rented: the same chip-hours in a cloud; price of the machines: the whole cluster. "
        "Lines: least squares of the logarithm with the 90% band, {unit} resampled; 90% of the growth a year: "
        "{intervals}.",
        "发布时位列前 {top} 且有成本数据的模型，{first} 至 {last}，{data}。摊销：硬件折旧加能耗；租用：同等芯片"
        "小时的云租金；硬件购置价：整个集群。直线：对数最小二乘及 90% 区间（按{unit}重抽样）；年增长的 90% "
        "区间：{intervals}。",
    ),
    "cost-note": (
        "The table's own estimates, in dollars of the year that it names. {without} of {asked} models have no "
        "amortised cost; they are not missing at random.",
        "成本为数据表自身的估算，以其所注年份的美元计。{asked} 个模型中有 {without} 个没有摊销成本；缺失并非随机。",
    ),
    # Decomposition
    "split-machines": (
        "Compute = chips × peak × time × utilization",
        "训练计算量 = 芯片数 × 峰值 × 时长 × 利用率",
    ),
    "split-money": ("Compute = spending × FLOP per dollar", "训练计算量 = 支出 × 每美元 FLOP"),
    "split-models": ("{split} ({n} models)", "{split}（{n} 个模型）"),
    "part-compute": ("training compute", "训练计算量"),
    "part-chips": ("more chips", "芯片增多"),
    "part-peak": ("faster chips", "芯片变快"),
    "part-time": ("longer runs", "训练更久"),
    "part-utilization": ("utilization, implied", "利用率（推算）"),
    "part-spending": ("more money", "支出增加"),
    "part-price-performance": ("more FLOP per dollar", "每美元 FLOP 增加"),
    "heading-split": ("split", "分解"),
    "heading-part": ("part", "部分"),
    "heading-of-growth": ("share of growth", "占增长的比例"),
    "decomposition-most": (
        "Of the growth of compute, {part} give the most: ×{growth} a year",
        "计算量增长中{part}贡献最大：每年 ×{growth}",
    ),
    "decomposition-and": ("; ", "；"),
    "decomposition-money": ("money is {share} of it", "资金占 {share}"),
    "decomposition-subtitle": (
        "Growth a year with 90% interval, and share of the growth of compute (of its logarithm). Each bar starts where "
        "the one above ends. Thin line: 90% ({unit} resampled); diamond: as published. {which}, without those built on "
        "another, {window}, {data}.",
        "年增长倍数及 90% 区间，以及占计算量增长（取对数）的比例。每条从上一条的终点开始。细线：90% 区间"
        "（按{unit}重抽样）；菱形：已发表数值。{which}，不含基于其他模型的，{window}，{data}。",
    ),
    "decomposition-note": (
        "Only models with every part; utilization is what remains and often somebody's assumption. Published: Epoch AI "
        "2025 (machines), Cottier et al. 2024 (spending), Hobbhahn et al. 2023 (FLOP per dollar).",
        "仅含各部分俱全的模型；利用率为余项，常为他人假设。已发表数值：Epoch AI 2025（硬件）、Cottier 等 2024"
        "（支出）、Hobbhahn 等 2023（每美元 FLOP）。",
    ),
    # Projection
    "ends": ("{low} to {high}", "{low} 至 {high}"),
    "day": ("Date", "日期"),
    "only-reported": (" (not counted)", "（不计入）"),
    "heading-median": ("median, FLOP", "中位数（FLOP）"),
    "heading-binds": ("what holds it down", "主要限制"),
    "limit-power-campus": ("power of one campus", "单一园区电力"),
    "limit-power": ("power, several sites", "多园区电力"),
    "limit-bandwidth": ("bandwidth between sites", "园区间带宽"),
    "limit-chips": ("chips", "芯片"),
    "limit-data": ("data", "数据"),
    "limit-latency": ("latency", "延迟"),
    "limit-hardware-budget": ("hardware budget", "硬件预算"),
    "limit-world-product": ("share of gross world product", "占世界总产值份额"),
    "limit-duration": ("duration of a run", "训练时长上限"),
    "projection-title": (
        "The largest run at the beginning of {year}: {middle} FLOP",
        "{year} 年初最大的一次训练：{middle} FLOP",
    ),
    "projection-subtitle": (
        "Solid: growth slows before soft limits (median, 50%, 90%). Dashed: the trend alone, ×{growth} a year (90% "
        "{low} to {high}), to {free}. Dotted: the trend up to a hard stop. Thin: median of what each limit allows. "
        "Diamonds: when the median passes round amounts. Holds it down in {year}: {binding}. Limits: {preset}.",
        "实线：在软性限制前放缓（中位数、50%、90%）。虚线：仅按趋势，每年 ×{growth}（90% 区间 {low} 至 {high}），达 "
        "{free}。点线：直到硬性上限。细线：各限制所允许规模的中位数。菱形：中位数越过整数量级之时。{year} "
        "年的主要限制：{binding}。限制：{preset}。",
    ),
    "projection-points": ("Points: {which}.", "点：{which}。"),
    "projection-note": (
        "An extrapolation under the assumptions of its limits: {sources}.",
        "此为在各限制假设下的外推，限制来源：{sources}。",
    ),
}
