"""Follows symbolic links of a staging root: those beside models, to files of the same root, and no others."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from podium.formats import may_be_model
from podium.layout import Unit


@dataclass(frozen=True, slots=True)
class Links:
    """The links beside one model: those that are followed, each with the file behind it, and those that are not."""

    followed: Mapping[Path, Path] = field(default_factory=dict)
    left: Sequence[Path] = ()


def target_of(root: Path, link: Path) -> Path | None:
    """Return the file behind a link, None if it is none, or lies outside of the staging root."""
    try:
        target = link.resolve(strict=True)
    except (OSError, RuntimeError):
        return None
    return target if target.is_file() and target.is_relative_to(root.resolve()) else None


def links_beside(root: Path, unit: Unit, links: Sequence[Path]) -> Links:
    """Return some links beside a model by what is done with them; to its own files they bring nothing new."""
    if not links:
        return Links()
    own = {(root / file).resolve() for file in unit.files}
    targets = {link: target_of(root, link) for link in links}
    followed = {link: target for link, target in targets.items() if target and target not in own}
    return Links(followed, [link for link, target in targets.items() if target is None])


def by_unit(root: Path, units: Iterable[Unit], links: Iterable[Path]) -> dict[str, list[Path]]:
    """Return the links beside models by the ids of these: in their folders, or below where no other model is."""
    folders = {root / u.folder: u.model_id for u in units if u.model and u.model_id == u.folder}
    found: dict[str, list[Path]] = defaultdict(list)
    for link in sorted(links):
        if model_id := next((folders[place] for place in link.parents if place in folders), None):
            found[model_id].append(link)
    return found


def in_place_of_models(root: Path, units: Iterable[Unit], links: Iterable[Path]) -> list[Path]:
    """Return the links that stand where a model would, of which no unit tells: each is a model that nobody reads."""
    held = {(root / u.model).parent for u in units if u.model and u.model_id == u.folder}
    told = held | {root / unit.folder for unit in units if unit.model is None}
    return [link for link in sorted(links) if link.parent not in told and _is_like_a_model(link)]


def _is_like_a_model(link: Path) -> bool:
    return link.is_dir() or may_be_model(PurePosixPath(link.name))
