"""What a card asks to cite: the recipe that is followed here, and the sources that rows came from. Facts alone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Work:
    """Something published."""

    key: str
    title: str
    authors: str
    year: int
    address: str

    @property
    def bibtex(self) -> str:
        """An entry of a bibliography."""
        return (
            f"@misc{{{self.key},\n  title = {{{self.title}}},\n  author = {{{self.authors}}},\n"
            f"  year = {{{self.year}}},\n  url = {{{self.address}}}\n}}"
        )


RECIPE = Work(
    "synthetic1",
    "{SYNTHETIC-1}: Two Million Collaboratively Generated Reasoning Traces from {Deepseek-R1}",
    "Mattern, Justus and Jaghouar, Sami and Basra, Manveer and Straube, Jannik and Di Ferrante, Matthew and Gabriel, "
    "Felix and Ong, Jack Min and Weisser, Vincent and Hagemann, Johannes",
    2025,
    "https://www.primeintellect.ai/blog/synthetic-1-release",
)
_HUB = "https://huggingface.co/datasets/"
_NUMINA = "Li, Jia and Beeching, Edward and Tunstall, Lewis and Lipkin, Ben and Soletskyi, Roman and others"
_NEWS = Work(
    "newsplease",
    "news-please: A Generic News Crawler and Extractor",
    "Hamborg, Felix and Meuschke, Norman and Breitinger, Corinna and Gipp, Bela",
    2017,
    f"{_HUB}cc_news",
)
SOURCES: dict[str, Work] = {
    "AI-MO/NuminaMath-CoT": Work("numinamathcot", "NuminaMath-CoT", _NUMINA, 2024, f"{_HUB}AI-MO/NuminaMath-CoT"),
    "AI-MO/NuminaMath-1.5": Work("numinamath15", "NuminaMath-1.5", _NUMINA, 2025, f"{_HUB}AI-MO/NuminaMath-1.5"),
    "codeparrot/apps": Work(
        "apps",
        "Measuring Coding Challenge Competence With {APPS}",
        "Hendrycks, Dan and Basart, Steven and Kadavath, Saurav and Mazeika, Mantas and Arora, Akul and others",
        2021,
        "https://arxiv.org/abs/2105.09938",
    ),
    "deepmind/code_contests": Work(
        "alphacode",
        "Competition-Level Code Generation with {AlphaCode}",
        "Li, Yujia and Choi, David and Chung, Junyoung and Kushman, Nate and Schrittwieser, Julian and others",
        2022,
        "https://arxiv.org/abs/2203.07814",
    ),
    "BAAI/TACO": Work(
        "taco",
        "{TACO}: Topics in Algorithmic {COde} generation dataset",
        "Li, Rongao and Fu, Jie and Zhang, Bo-Wen and Huang, Tao and Sun, Zhihong and others",
        2023,
        "https://arxiv.org/abs/2312.14852",
    ),
    "open-r1/codeforces": Work(
        "openr1codeforces",
        "CodeForces",
        "Penedo, Guilherme and Lozhkov, Anton and Kydl{\\'i}{\\v c}ek, Hynek and Ben Allal, Loubna and others",
        2025,
        f"{_HUB}open-r1/codeforces",
    ),
    "bigcode/commitpack": Work(
        "octopack",
        "{OctoPack}: Instruction Tuning Code Large Language Models",
        "Muennighoff, Niklas and Liu, Qian and Zebaze, Armel and Zheng, Qinkai and Hui, Binyuan and others",
        2023,
        "https://arxiv.org/abs/2308.07124",
    ),
    "HuggingFaceH4/stack-exchange-preferences": Work(
        "h4stackexchange",
        "{HuggingFace H4} Stack Exchange Preference Dataset",
        "Lambert, Nathan and Tunstall, Lewis and Rajani, Nazneen and Thrush, Tristan",
        2023,
        f"{_HUB}HuggingFaceH4/stack-exchange-preferences",
    ),
    "cc_news": _NEWS,
    "vblagoje/cc_news": _NEWS,
}
"""By the names of sources as the rows have them."""


def page_of(source: str) -> str | None:
    """Where a known source is found."""
    return f"{_HUB}{source}" if source in SOURCES else None


def bibliography(sources: Iterable[str], own: str = "") -> str:
    """Entries for a data set of these sources, its own before them."""
    works = dict.fromkeys([RECIPE, *(SOURCES[name] for name in sorted(set(sources)) if name in SOURCES)])
    return "\n\n".join([*([own.strip()] if own.strip() else []), *(work.bibtex for work in works)])
