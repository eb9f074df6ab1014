"""Follows symbolic links of a staging root: those beside models, to files of the same root, and no others."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from podium.about import REGISTRIES, is_about, is_document, owners
from podium.formats import may_be_model, stem_of
from podium.layout import Unit
from podium.model_files import is_companion
from podium.pairing import Names


@dataclass(frozen=True, slots=True)
class Links:
    """The links beside one model: those that are followed, each with the file behind it, and those that are not.

    ``read`` are those that are documents about the model, be the file behind one of its own or not.
    """

    followed: Mapping[Path, Path] = field(default_factory=dict)
    left: Sequence[Path] = ()
    read: Mapping[Path, Path] = field(default_factory=dict)


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
    own, known = ({(root / file).resolve() for file in files} for files in (unit.files, unit.about))
    found = {link: target_of(root, link) for link in links}
    targets = {link: target for link, target in found.items() if target}
    return Links(
        followed={link: target for link, target in targets.items() if target not in own},
        left=[link for link in links if link not in targets],
        read={link: target for link, target in targets.items() if target not in known and _tells(root, unit, link)},
    )


def _tells(root: Path, unit: Unit, link: Path) -> bool:
    """Whether a link is a document about a model, where a file of its name would be."""
    name, model = PurePosixPath(link.name), PurePosixPath(unit.model or "")
    if not is_document(name) or name.stem in REGISTRIES:
        return False
    if unit.model_id != unit.folder:
        return is_about(name.stem, stem_of(model))
    return link.parent in {root / unit.folder, root / model.parent}


@dataclass(frozen=True, slots=True)
class Places:
    """Where models are, by whole paths: the ids of those that have a folder, and of those side by side by their stems.

    ``names`` are these stems, ``told`` the folders that tell of every link in them.
    """

    folders: Mapping[Path, str]
    side: Mapping[Path, Mapping[str, str]]
    names: Mapping[Path, Names]
    told: Collection[Path]

    @classmethod
    def of(cls, root: Path, units: Iterable[Unit]) -> "Places":
        """Return the places of some units."""
        folders, told, side = {}, set(), defaultdict[Path, dict[str, str]](dict)
        for unit in units:
            folder = root / unit.folder
            if unit.model is None:
                told.add(folder)
            elif unit.model_id == unit.folder:
                folders[folder] = unit.model_id
                told.add((root / unit.model).parent)
            else:
                side[folder][stem_of(PurePosixPath(unit.model))] = unit.model_id
        return cls(folders, side, {place: Names(stems) for place, stems in side.items()}, told)

    def models_of(self, link: Path) -> list[str]:
        """Return the models that a link is beside: by its name, or as it lies in a folder, or below, where no other is.

        A link that is called as a model bears no other's name.
        """
        names = self.names.get(link.parent, Names())
        if named := owners(PurePosixPath(link.name), names) if not _is_called_model(link) else []:
            return [self.side[link.parent][stem] for stem in named]
        return [self.folders[place] for place in link.parents if place in self.folders][:1]

    def is_in_place_of_model(self, link: Path) -> bool:
        """Whether a link stands where a model would, of which no unit tells: a model that nobody reads."""
        if link.parent in self.told:
            return False
        is_folder = link.is_dir()
        is_carried = not is_folder and is_companion(PurePosixPath(link.name)) and self.models_of(link)
        return (is_folder or may_be_model(PurePosixPath(link.name))) and not is_carried


def _is_called_model(link: Path) -> bool:
    name = PurePosixPath(link.name)
    return may_be_model(name) and not is_companion(name)


def divided(root: Path, units: Iterable[Unit], links: Iterable[Path]) -> tuple[list[Path], dict[str, list[Path]]]:
    """Return the links that stand where models would, and those beside models by the ids of these."""
    places = Places.of(root, units)
    alone: list[Path] = []
    beside: dict[str, list[Path]] = defaultdict(list)
    for link in sorted(links):
        if places.is_in_place_of_model(link):
            alone.append(link)
        else:
            for model_id in places.models_of(link):
                beside[model_id].append(link)
    return alone, beside


def shared_by_link(root: Path, links: Iterable[Path], beside: Iterable[Path]) -> dict[str, Path]:
    """Return the links that are no model's own and lead to files of the root, by their paths in it, with these.

    ``beside`` are those that are some model's own.
    """
    free = sorted(set(links) - set(beside))
    found = {link.relative_to(root).as_posix(): target_of(root, link) for link in free}
    return {path: target for path, target in found.items() if target}
