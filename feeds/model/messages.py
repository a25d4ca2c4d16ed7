"""The catalogue of problems: every code and its text in plain English, with the names of its parameters in braces.

A text says what is wrong, and in parentheses what was expected or how to fix it.
"""

from __future__ import annotations

from collections.abc import Mapping

MESSAGES: Mapping[str, str] = {
    # files
    "file-missing": "the file is missing (create it)",
    "file-empty": "the file is empty (expected keys and values, such as title: …)",
    "file-too-large": "the file has {size:,} bytes (expected at most {limit:,})",
    "file-unreadable": "the file cannot be read: {reason} (expected a readable file)",
    "file-not-regular": "this is not a regular file (expected one)",
    "file-name-not-utf-8": "the name of the file is not UTF-8 (rename it)",
    "file-name-without-letters": "{name} has no letter or digit for an address (rename the file)",
    "file-name-suffix": "ignored because of its name (rename it to {name})",
    "file-not-an-article": "ignored, since it is not an article (pictures and files belong in media/)",
    "link-broken": "a symbolic link that leads nowhere (replace it with the file)",
    "link-leaves-folder": "a symbolic link to {target}, outside the folder (replace it with the file)",
    "folder-unreadable": "the folder cannot be read (make it readable; its articles stay as they were)",
    "articles-folder-missing": "the folder is missing (create it, and put the articles in it)",
    "address-taken": "its address, {slug}, is that of {other} (rename one of the files)",
    "address-shared": "its address, {slug}, is also that of {other}, which is left out (rename one of the files)",
    "id-taken": "its id, {id}, is that of {other} (give it another id)",
    "id-shared": "its id, {id}, is also that of {other}, which is left out (give that one another id)",
    # text and YAML
    "encoding-utf-16": "the file is UTF-16 (save it as UTF-8)",
    "encoding-not-utf-8": "byte 0x{byte} is not UTF-8 (save the file as UTF-8)",
    "character-not-allowed": "{character} is not allowed (remove it)",
    "keys-expected": "{value} stands where keys were expected (write keys and values, such as title: …)",
    "yaml-second-document": "a second document starts here (expected one per file)",
    "yaml-alias": "*{name} is an alias (write the text itself, or put quotes around it)",
    "yaml-anchor": "&{name} is an anchor (write the text itself, or put quotes around it)",
    "yaml-tag": "{tag} is a tag (write the text itself, or put quotes around it)",
    "yaml-too-deep": "lists are nested more than {limit} levels deep (expected fewer)",
    "yaml-comment": "{comment} is a comment and not part of the text (put quotes around the whole text)",
    "yaml-hashtag": "{comment} is cut off, since # after a space starts a comment (expected {line})",
    "yaml-indentation-character": "{character} in the indentation (expected spaces only: {line})",
    "yaml-colon-character": "{character} instead of a colon and a space (expected {line})",
    "yaml-colon-without-space": "no space after the colon (expected {line})",
    "yaml-dash-without-space": "no space after the dash (expected {line})",
    "yaml-hashtag-in-list": "a hashtag in a list is taken for a comment (expected {line})",
    "yaml-key-not-text": "this key is not a word (expected a key such as title)",
    "yaml-tab": "a tab in the indentation (use spaces)",
    "yaml-line-continued": "read as part of the line above (write key: value on each line, indented alike)",
    "yaml-colon": "a colon and a space inside a text (expected {line})",
    "yaml-bracket": "a bracket [ that is not closed, or a comma is missing after it (expected [a, b])",
    "yaml-brace": "a brace {{ that is not closed, or a comma is missing after it (expected {{a: b, c: d}})",
    "yaml-no-key": "a line without a key (expected key: value, or indent the text further)",
    "yaml-quote": "a quote that is not closed (expected {line})",
    "yaml-block-missing": "the text of {key} has several lines (expected {key}: | in this line, and the text indented)",
    "yaml-after-quote": (
        "text after a closing quote or bracket, or a line indented too little or too much"
        " (expected {line}, or key: value)"
    ),
    "yaml-dash": "a text that starts with - (put quotes around the whole text)",
    "yaml-first-character": "a character that no text may start with (expected {line})",
    "yaml-exclamation-mark": "a text that starts with ! (put quotes around the whole text)",
    "yaml-ampersand": "a text that starts with & or * (put quotes around the whole text)",
    "yaml-other": "{reason} (expected YAML: key: value)",
    # keys
    "key-missing": "missing (expected {key}: {example})",
    "key-repeated": "given twice, first on line {line} (keep one of them)",
    "key-unknown": "unknown key (expected {key})",
    "key-unknown-of": "unknown key (expected one of {keys})",
    "key-invisible": "unknown key, because of {character} in it (expected {key})",
    "key-comma": "unknown key (put quotes around a text with a comma inside {{ }} or [ ])",
    # values
    "group-expected": "{value} is not a group of keys (expected {example})",
    "list-expected": "{value} is not a list (expected {example})",
    "list-empty": "the list is empty (expected at least one item)",
    "value-not-recognised": "{value}: {reason} (expected {example})",
    "text-expected": "{value} is not a text (expected a text, in quotes if it has a colon)",
    "text-empty": "the text is empty (expected visible characters)",
    "line-expected": "{value} has several lines (expected one)",
    "title-tag": "{tag} looks like an HTML tag, which feed readers delete (expected plain text)",
    "boolean-expected": "{value} is neither true nor false (expected true or false)",
    "number-expected": "{value} is not a whole number from {low} to {high} (expected one)",
    "url-not-recognised": "{value} is not a web address (expected https://… without spaces or accents)",
    "email-not-recognised": "{value} is not an e-mail address (expected one such as name@host.example)",
    "fediverse-not-recognised": "{value} is not a fediverse account (expected one such as @name@host.example)",
    "media-type-not-recognised": "{value} is not a media type (expected one such as video/mp4 or application/pdf)",
    "duration-not-recognised": "{value} is not a duration (expected seconds, or 12:30, or 1:02:30)",
    "fraction-expected": "{value} is not between 0 and 1 (expected [0.5, 0.5] for the centre)",
    "accent-contrast": "{value} is hard to read on pages, with a contrast of {ratio} (expected 4.5, as '{shade}' has)",
    "colour-not-recognised": "{value} is not a colour (expected one such as '#0b5c8e', in quotes)",
    "path-not-recognised": "{value} is not a path (expected one such as /actualites/feed.xml)",
    "old-path-not-recognised": "{value} is not an old path (expected one such as /feed.xml or /index.php?format=feed)",
    "language-not-recognised": "{value} is not a language (expected a tag such as fr, en-GB or zh-Hant, RFC 5646)",
    "language-reserved": "{value} is reserved for paths of the site (expected another language tag)",
    "timezone-not-recognised": "{value} is not a time zone (expected one such as Europe/Paris)",
    "date-not-recognised": "{value} is not a date (expected 2026-03-01 or 2026-03-01T09:00)",
    "time-not-recognised": "{value} is not a time (expected 2026-03-01 or 2026-03-01T09:00)",
    "year-out-of-range": "{value} is in the year {year} (expected a year from {first} to {last})",
    "time-ambiguous": "{value} happens twice in {zone}, where the clocks change (expected {first} or {second})",
    "time-skipped": "{value} does not exist in {zone}, where the clocks change (expected another time)",
    # the site
    "tag-authority-not-recognised": "{value} is not a tag authority (expected your.domain,2026 in lower case)",
    "tag-authority-date": "{value} does not end with a date (expected your.domain,2026 or your.domain,2026-03-01)",
    "site-url-not-plain": "{value} has more than a host and plain words (expected https://host/words)",
    "hub-host": "{value} has no valid host (expected https://…)",
    "hub-not-encrypted": "{value} is a hub without encryption (expected https://…)",
    "hub-repeated": "{hubs} names one hub twice (expected each once)",
    "category-slug-reserved": "{value} is reserved (expected another name for the category)",
    "category-slug-not-recognised": "{value} cannot be part of an address (expected a slug such as {example})",
    "category-title-comma": "{value} has a comma, at which readers split it (expected a name without one)",
    "feed-category-unknown": "{value} is not one of the categories (expected {expected})",
    "feed-slug-of-category": "{value} is already the slug of a category (expected another slug for the feed)",
    "categories-empty": "the group is empty (expected at least one category)",
    "category-in-use": "{category} was removed, but {file} is in it (restore it, or remove it from all articles first)",
    "language-repeated": "{languages} names one language twice (expected each once)",
    "translation-of-text-missing": "no text for {languages} (expected one per language, or a single text for all)",
    "language-not-in-site": "{language} is not a language in site.yaml (expected {languages})",
    "interface-language-missing": "{language} is not a language of the interface (English is used)",
    "redirect-chained": "{old} leads to {new}, which is redirected too (expected the final address)",
    "home-on-other-host": "{value} is not on the host of url (expected a page on {host})",
    "stylesheet-name": "{value} is not a stylesheet (expected a .css file next to site.yaml)",
    "stylesheet-too-large": "{path} has {size:,} bytes (expected at most {limit:,}; each page loads it)",
    "stylesheet-mistake": "{path}, line {line}: {reason} (expected CSS)",
    "stylesheet-open": "{path}: a brace, bracket or comment is not closed (close it, so that no rule is lost)",
    "stylesheet-rule": "{path}, line {line}: {rule} is not allowed (remove it; copy imported rules into this file)",
    "stylesheet-address": "{path}, line {line}: {value} is not a file in media/ (put it there, and write url(media/…))",
    "text-file-missing": (
        "{path} is missing, is not UTF-8 text, or is larger than 1 MB (expected a text file in {folder})"
    ),
    "logo-type": "{path} is {type} (expected SVG or PNG)",
    "logo-shape": "{path} is {width} × {height} (expected no side more than {ratio} times as long as the other)",
    "svg-not-readable": "{path} is not an SVG file: {reason} (export it again as SVG)",
    "svg-without-size": "{path} does not give its dimensions (expected a viewBox, or width and height in pixels)",
    "link-both": "page and url are both given (expected one of them)",
    "link-neither": "neither page nor url is given (expected one of them)",
    "page-slug-not-recognised": (
        "{value} is not the name of a page (expected the name of a file in pages/ without .yaml, such as legal)"
    ),
    "page-not-in-site": (
        "{value} has no page in {language} (expected a translation with the same twin, or one of: {expected})"
    ),
    "phone-not-recognised": "{value} is not a telephone number (expected a number such as +33 4 00 00 00 00)",
    "logo-not-in-rss": (
        "{path} is {type}, {width} × {height} pixels, so RSS feeds omit it; Atom feeds and search engines still use it"
        " (expected JPEG, PNG or GIF of at most {max_width} × {max_height} pixels)"
    ),
    "podcast-category-not-recognised": "{value} is not one of Apple's podcast categories (expected {expected})",
    "artwork-unsuitable": (
        "{path} is {type}, {width} × {height} pixels"
        " (expected a square JPEG or PNG of {smallest} to {largest} pixels a side)"
    ),
    "feed-too-large": "{path} has {size:,} bytes (expected at most {limit:,}: reduce the number of entries)",
    "tag-repeated": "{tag} is given twice, in different cases (expected each tag once)",
    "tag-slug-not-recognised": "{value} cannot be part of an address (expected a slug such as cpp)",
    # articles
    "category-not-in-site": "{value} is not a category in site.yaml (expected {expected})",
    "categories-one-text": "{value} is one text (expected [{value}], in brackets)",
    "tag-comma": "{value} has a comma, at which readers split it (expected two tags, or one without a comma)",
    "without-letters": "{value} has no letter or digit for an address (expected a word)",
    "tag-shares-feed": (
        "{value} shares the feed {path} with {other}, in {file}, and pages show it as {other}"
        " (give one of them a slug with tags in site.yaml)"
    ),
    "author-shares-feed": "{value} shares the feed {path} with {other}, in {file} (expected one spelling of the name)",
    "placeholder": "nothing but … (write the text, or add draft: true)",
    "text-entity": "{entity} is shown as typed (expected {character})",
    "text-invisible": "{character} is invisible, but it is still part of the text (expected the text without it)",
    "text-markdown": "{value} is shown as typed, since only the body is Markdown (expected plain text)",
    "authors-one-text": "{value} is one text (expected [{value}], in brackets, or with quotes inside them)",
    "id-not-recognised": (
        "{value} is not an id (expected a word of A-Z a-z 0-9 . _ -, or an older system's whole guid, as"
        " {{exact: …}} if it has no colon)"
    ),
    "id-would-change": "it would become {id} (an imported id has to stay as it is)",
    "twin-not-recognised": "{value} is not a word (expected one that an article and its translation share)",
    "twin-same-language": "{twin} is the twin of {other} in the same language (expected another word)",
    "translation-missing": "no translation into {languages} (expected an article with the same twin)",
    "before-published": "{value} is before published, {published} (expected a later time)",
    "date-moved": "this takes a live article offline until {date} (expected the old date; to mark edits, use updated)",
    "date-past": (
        "{date} is in the past (age in days: {days}), but the article was never served, so readers show it among older"
        " ones (expected a date such as {today})"
    ),
    "draft-date-past": "{date} has passed (expected a new date when you publish the draft)",
    "draft-of-live": "this takes a live article offline (expected draft: false; to retract it: withdrawn or expires)",
    "expires-when-published": "this is when it is published (expected a later time)",
    "attachment-both": "file and url are both given (expected one of them)",
    "attachment-neither": "neither file nor url is given (expected one of them)",
    "attachment-type-missing": "missing, and the address does not say (expected one such as video/mp4, or text/html)",
    "attachment-type-unknown": (
        "{path} has an unknown type, so readers only download it (expected a type such as application/pdf)"
    ),
    "media-type-unknown": "{path} has an unknown type, so browsers only download it (expected a common file extension)",
    "podcast-type": "{type} is not played by podcast directories (expected MP3, M4A or MP4)",
    "attachment-length-given": "given for a file of ours, which is measured (remove the key)",
    "summary-missing": "missing, so that the start of the body is used (expected about 300 characters)",
    "social-skip": "{value} would be posted as the text (to post nothing, write {line})",
    "hashtag-not-recognised": "{value} is not a hashtag (expected one word of letters and digits)",
    "feed-not-in-site": "{value} is not a feed in site.yaml (expected {expected})",
    "social-too-long": (
        "{count} characters with its link, as {network} counts, so that its end is cut off (expected at most {limit})"
    ),
    # media
    "media-path-outside": "{path} leaves media/ (expected a path below it, such as cheque.jpg)",
    "media-missing": "media/{path} does not exist (expected {nearest})",
    "media-absent": "media/{path} does not exist (expected it in {folder})",
    "media-link-outside": "media/{path} is a symbolic link that leaves media/ (replace it with the file)",
    "media-growing": "media/{path} is being written (it is used once it has not changed for {seconds} seconds)",
    "media-unreadable": "media/{path} cannot be read: {reason} (expected a readable file)",
    "picture-expected": "{path} is not a picture that readers show (expected JPEG, PNG, GIF or WebP)",
    "picture-too-large": "{path} has {width:,} × {height:,} pixels (expected at most {limit:,} in all: reduce it)",
    "picture-far-too-large": "{path} has far more pixels than a picture needs (expected at most {limit:,})",
    "picture-misnamed": "{path} is {type} by its content (rename it to {name})",
    "picture-damaged": "{path} is damaged or incomplete (upload it again)",
    "picture-not-decoded": "{path} cannot be decoded: {reason} (save it again as JPEG or PNG, or smaller)",
    "picture-small": "{path} has {width} × {height} pixels (expected at least {least_width} × {least_height})",
    # the editor
    "file-not-editable": "the form cannot edit the layout of this file (edit its text)",
    "upload-empty": "{name} is empty (upload it again)",
    "upload-not-a-picture": "{name} is not a picture (expected JPEG, PNG, GIF, WebP, HEIC or AVIF)",
    "upload-type": "{name} is of a type that is not accepted (expected a picture, PDF, office file, audio or video)",
    "upload-damaged": "the content of {name} does not match its extension (save it again, and upload it)",
    "upload-too-large": "the upload is too large (expected at most {limit} MB in all)",
    # bodies
    "body-expected": "{value} is not a text (expected Markdown after `body: |`, indented)",
    "body-too-long": "the text has {length:,} characters (expected at most {limit:,}; or attach it as a file)",
    "body-table-too-large": (
        "the tables have more than {limit:,} cells, as each row counts in full (attach them as a file)"
    ),
    "body-too-many-footnotes": "the text has more than {limit:,} footnotes and references (attach it as a file)",
    "body-more-problems": "only the first {limit} problems are shown (fix these first)",
    "body-tag-too-long": "a tag has more than {limit:,} characters (close it with >)",
    "body-element-open": "<{element}> is not closed (close each <{element}> with </{element}>)",
    "body-too-deep": "elements are nested more than {limit} levels deep (expected fewer)",
    "body-element-removed": "<{element}> is removed (link to it instead)",
    "body-element-unwrapped": "<{element}> is removed, only its text stays (use Markdown)",
    "body-attribute-removed": "{attribute} on <{element}> is removed (leave it out)",
    "body-character-removed": "{character} is removed (leave it out)",
    "body-picture-undescribed": "a picture without a description (expected ![what it shows](…))",
    "body-address-relative": "{value} is read as a page of this site (expected {expected})",
    "body-address-empty": "a link or a picture without an address (expected [text](address))",
    "body-address-removed": "{value} is removed (expected an address such as https://…, mailto:… or tel:…)",
    "body-fragment-missing": "{value} leads nowhere in the text (expected {nearest})",
    "body-link-not-recognised": (
        "{typed} is shown as typed, not as a link (expected [text](address), with %20 for a space in the address)"
    ),
    "body-footnote-missing": "the footnote [^{name}] does not exist (expected a line [^{name}]: …)",
    "body-empty": "the text shows nothing (expected words or a picture; or add draft: true)",
    "body-comment-open": "{start} hides all text below it (close it with {end}, or remove it)",
    "body-element-not-closed": (
        "<{element}> is not closed, so that all text below it belongs to it (close it with </{element}>)"
    ),
    "body-markdown-typed": "{typed} is shown as typed (expected {expected})",
    "body-film-embedded": "<iframe> is removed (expected the address of the video, alone on a line: {url})",
    "body-not-a-picture": "{path} is not a picture (expected a link to it: [text](/media/{path}))",
    "body-office-markup": "{tag} is shown as text (remove it; paste from the word processor as plain text)",
    "body-bullet": "{bullet} does not start a list item (expected - and a space at the start of the line)",
    # links to our own pages
    "link-dead": "{value} leads to no page of this site (expected {nearest})",
    "link-to-draft": "{value} is a draft, so the link is dead (publish the draft, or remove the link)",
    "link-to-embargoed": "{value} is not published until {time} (publish it earlier, or remove the link)",
    "link-to-expired": "{value} has expired, and its page only says so (link to another page)",
    "link-to-withdrawn": "{value} is withdrawn (link to another page, unless the retraction is meant)",
    # addresses elsewhere
    "address-unreachable": "{reason} (expected an address that answers)",
    "address-status": "the server answers {status} {reason} (expected 200)",
    "address-type": "{given}, but the server reports {found} (expected {found})",
    "address-length": "{given}, but the server reports {found} (expected {found})",
}
