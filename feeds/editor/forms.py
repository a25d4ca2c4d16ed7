"""The forms: fields are named after the keys of article files, such as `picture-alt` or `attachments-0-title`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    Field,
    FieldList,
    FileField,
    Form,
    FormField,
    PasswordField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)


class TextsField(Field):
    """A list of texts, one in each input of the same name. With `separator`, one input may contain several."""

    def __init__(self, separator: str = "", **options: Any) -> None:
        """Create the field."""
        super().__init__(**options)
        self._separator = separator

    def process_formdata(self, valuelist: Sequence[str]) -> None:
        """Set the list from the inputs, without empty texts."""
        texts = [part for value in valuelist for part in (value.split(self._separator) if self._separator else [value])]
        stripped = [text for each in texts if (text := each.strip(" \t\r\n"))]
        self.data = list(dict.fromkeys(stripped)) if self._separator else stripped


class PictureForm(Form):
    """The group `picture`, and an upload that replaces `file`."""

    file = StringField()
    upload = FileField()
    alt = StringField()
    credit = StringField()
    caption = TextAreaField()
    focus = StringField()


class AttachmentForm(Form):
    """An item of `attachments`, and an upload that replaces `file`."""

    file = StringField()
    upload = FileField()
    url = StringField()
    title = StringField()


class WithdrawalForm(Form):
    """The group `withdrawn`."""

    at = StringField()
    reason = TextAreaField()


class SocialForm(Form):
    """The group `social`."""

    text = TextAreaField()
    mastodon = TextAreaField()
    bluesky = TextAreaField()
    x = TextAreaField()
    linkedin = TextAreaField()
    hashtags = StringField()
    skip = BooleanField(false_values=(False, "", "false", "0", "no"))


class ArticleForm(FlaskForm):
    """An article. `version` is the digest of the file as it was opened, `base` are those of its keys."""

    title = StringField()
    summary = TextAreaField()
    body = TextAreaField()
    categories = SelectMultipleField(validate_choice=False)
    language = SelectField(validate_choice=False)
    published = StringField()
    expires = StringField()
    tags = TextsField(separator=",")
    authors = TextsField()
    picture = FormField(PictureForm)
    attachments = FieldList(FormField(AttachmentForm))
    social = FormField(SocialForm)
    updated = StringField()
    withdrawn = FormField(WithdrawalForm)
    draft = BooleanField(false_values=(False, "", "false", "0", "no"))
    version = StringField()
    base = StringField()
    translate = StringField()

    class Meta(FlaskForm.Meta):
        """The token is checked before any view, by `security`."""

        csrf = False


class SignInForm(FlaskForm):
    """A name and a password."""

    name = StringField()
    password = PasswordField()

    class Meta(FlaskForm.Meta):
        """The token is checked before any view, by `security`."""

        csrf = False
