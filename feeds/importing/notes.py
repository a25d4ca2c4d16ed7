"""Notes of an import: sentences about one entry, in English and the other languages of the interface."""

from __future__ import annotations

from typing import Self

from feeds.base import translations
from feeds.model.problems import Message


class Note(str):
    """An English sentence that can be translated, since it keeps its template and values."""

    __slots__ = ("_template", "_values")
    _template: str
    _values: dict[str, object]

    @classmethod
    def of(cls, template: str, /, **values: object) -> Self:
        """Return a template with its values filled in."""
        note = cls(template.format(**values))
        note._template, note._values = template, values
        return note

    def text(self, language: str) -> str:
        """Return the note in a language of the interface."""
        values = {
            name: value.text(language) if isinstance(value, Note | Message) else value
            for name, value in self._values.items()
        }
        return translations.translate(language, self._template, **values)


def note_text(note: str, language: str) -> str:
    """Return a note in a language. A plain string stays as it is."""
    return note.text(language) if isinstance(note, Note) else note


def unreadable_text(error: Exception) -> Note:
    """Return the reason for leaving out an entry whose text raised an exception."""
    return Note.of("its text cannot be read: {problem}", problem=str(error) or type(error).__name__)
