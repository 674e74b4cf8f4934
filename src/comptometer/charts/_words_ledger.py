"""The words of the charts of a ledger in English and Chinese."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

LEDGER: Final[Mapping[str, tuple[str, str]]] = {
    "month": ("Month of the start (UTC)", "开始月份（UTC）"),
    "spent-flop": ("Compute spent (FLOP)", "消耗的计算量（FLOP）"),
    "spent-hours": ("Chip-hours", "芯片小时"),
    "no-stage": ("no stage stated", "未注明阶段"),
    "no-month": ("unknown", "未知"),
    "other-stages": ("other stages", "其他阶段"),
    "amount-flop": ("{amount} FLOP", "{amount} FLOP"),
    "amount-hours": ("{amount} chip-hours", "{amount} 芯片小时"),
    "heading-month": ("month", "月份"),
    "heading-stage": ("stage", "阶段"),
    "heading-amount": ("amount", "数量"),
    "heading-jobs": ("attempts", "尝试次数"),
    "heading-step": ("step", "步骤"),
    "ledger-months-title": (
        "{amount} in {jobs} attempts; most in {month}, {most}",
        "{jobs} 次尝试共 {amount}；最多在 {month}，为 {most}",
    ),
    "ledger-stages-title": (
        "{amount} spent, {share} of it in attempts that completed",
        "共消耗 {amount}，其中 {share} 属于正常完成的尝试",
    ),
    "ledger-stages-title-open": (
        "{amount} spent; no source says which attempts completed",
        "共消耗 {amount}；来源均未注明哪些尝试正常完成",
    ),
    "ledger-flop": (
        "FLOP from chip-hours × peak × utilization, or as the training loop counted them; thin lines: 90% intervals.",
        "FLOP 为芯片小时 × 峰值 × 利用率，或由训练循环计数；细线：90% 区间。",
    ),
    "ledger-hours": (
        "Hours for which chips were held. FLOP are not drawn: {share} of the hours are of chips that the ledger does "
        "not name well enough.",
        "芯片被占用的小时数。未画 FLOP：{share} 的小时所用芯片在账本中型号不明。",
    ),
    "ledger-stages-subtitle": (
        "Each stage begins where the one above it ends; what did not complete is taken off, and what is in the final "
        "weights is shown where a recorder knows it.",
        "每个阶段从上一阶段的末端开始；未完成的部分随后扣除；若有训练记录，则显示最终权重中所含的部分。",
    ),
    "stated-utilization": ("of the whole job", "整个作业的利用率"),
    "stated-mfu": ("MFU in the run", "运行内 MFU"),
    "stated-hfu": ("HFU, with recomputation", "HFU（含重算）"),
    "stated-ofu": ("OFU: tensor activity × clock, by counters", "OFU：计数器所记张量活跃度 × 时钟"),
    "stated-tensor_active": ("tensor activity, by counters", "计数器所记张量活跃度"),
    "stated-axis": ("Utilization, as the source states it", "来源注明的利用率"),
    "heading-stated": ("statement", "说法"),
    "heading-range": ("range", "区间"),
    "ledger-utilization-title": (
        "{share} of {hours} chip-hours have a stated utilization; its median is {median} ({stated})",
        "{hours} 芯片小时中有 {share} 注明了利用率；中位数为 {median}（{stated}）",
    ),
    "ledger-utilization-subtitle": (
        "Chip-hours by utilization in steps of 5%. What is stated differently stands side by side and is never added "
        "up; the median is that of the statement with most hours.",
        "按利用率（步长 5%）统计的芯片小时。不同说法并列显示，从不相加；中位数取自小时最多的说法。",
    ),
    "ledger-note": (
        "Imports in the ledger: {imports}; head of its chain: {head}; share of the hours whose utilization a source "
        "states: {evidence}.",
        "账本含 {imports} 次导入，链头 {head}；来源注明利用率的小时占比：{evidence}。",
    ),
    "step-spent": ("spent", "共消耗"),
    "step-lost": ("did not complete", "未完成"),
    "step-completed": ("completed", "已完成"),
    "step-kept": ("in the final weights", "进入最终权重"),
}
