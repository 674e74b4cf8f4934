"""The words of the chart of calibration in English and Chinese."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

CALIBRATION: Final[Mapping[str, tuple[str, str]]] = {
    "probability": ("probability of the central interval", "中心区间的名义概率"),
    "share-inside": ("share of counts inside it", "落入区间的计数占比"),
    "as-it-should": ("as it should be", "理想情形"),
    "adopted": ("adopted defaults", "采用的缺省值"),
    "refitted": ("medians fitted without the family", "中位数由其他系列拟合"),
    "curve-spoken": ("{kind}: {nominal} intervals hold {observed}", "{kind}：{nominal} 区间包含 {observed}"),
    "inside-of": ("{inside} of {n} in 90%", "90% 含 {inside}/{n}"),
    "inside": ("holds the count", "包含计数"),
    "outside": ("does not", "不包含"),
    "widened": ("{default} (widened)", "{default}（已加宽）"),
    "heading-default": ("default", "缺省值"),
    "heading-again": ("cross-validated", "交叉验证"),
    "heading-inside": ("90% interval", "90% 区间"),
    "calibration-title": (
        "From chip-hours alone, 90% intervals hold the count for {share} of {n} runs; half are within {fold}×",
        "仅凭芯片小时：{n} 次训练中，90% 区间有 {share} 包含计数；半数误差在 {fold} 倍以内",
    ),
    "calibration-subtitle": (
        "Chip-hours × peak × default utilization, against counted operations. With each median fitted without the "
        "family of the run: {share}, within {fold}×. By default: a point for each run (red: outside its own interval); "
        "upright line: their median; bands: 50% and 90% of the default, before it is widened where hours are not the "
        "makers’.",
        "芯片小时 × 峰值 × 缺省利用率，与运算计数相比。若中位数由其他系列拟合：{share}，{fold} 倍以内。各缺省值：每点"
        "为一次训练（红：在其区间之外）；竖线：中位数；条带：缺省值的 50% 与 90% 区间，尚未因时数非厂商所报而加宽。",
    ),
    "calibration-note": (
        "Source: dossiers of comptometer; {circular} runs of which one side was worked out from the other are left "
        "out. The medians were chosen with some of these runs in view.",
        "来源：comptometer 的模型档案；{circular} 次训练因一方由另一方推算而略去。选定中位数时已见过其中部分训练。",
    ),
}

# Chinese for the runs that a default of utilization is taken for.
DEFAULTS: Final[Mapping[str, str]] = {
    "utilization/default": "所有其他训练",
    "utilization/a100-language": "A100，25 亿参数以上",
    "utilization/h100-language": "H100 级，稠密",
    "utilization/h100-mixture-of-experts": "H100 级，混合专家",
    "utilization/blackwell-mixture-of-experts": "Blackwell，高度稀疏",
    "utilization/tpu": "TPU v3 与 v4",
    "utilization/v100-language": "V100，早期语言模型",
    "utilization/small": "10 亿参数以下",
    "utilization/not-language": "视觉、扩散、强化学习",
    "utilization/cpu": "CPU",
}
