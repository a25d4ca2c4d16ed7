"""The source folders of sites that static site generators made, as their users write them.

The articles are those of the sample site, and a few with code, tables and footnotes (`tests/data/moving/`).
`trials/moving.py` runs the generators themselves.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import yaml

from tests.builders import ROOT

HOME = "https://old.example"
PARIS = ZoneInfo("Europe/Paris")
_LINK = re.compile(r"\]\((?:/|\.\./)?articles/([a-z0-9-]+)(#[^)]*)?\)")
_MEDIA = re.compile(r"(?<=\()(?:/|\.\./)?media/([^)\s]+)")


@dataclass(frozen=True)
class Sample:
    """An article to write: its values, and the name of its picture in the `media/` of the sample site."""

    slug: str
    title: str
    date: datetime
    categories: tuple[str, ...]
    tags: tuple[str, ...]
    author: str
    summary: str
    body: str
    picture: str
    alt: str
    is_draft: bool

    def linked(self, link: str, media: str) -> str:
        """Return the body with the links of a generator; `{}` in `link` stands for the slug."""
        body = _LINK.sub(lambda match: f"]({link.format(match[1])}{match[2] or ''})", self.body)
        return _MEDIA.sub(lambda match: f"{media}/{match[1]}", body)


def samples() -> list[Sample]:
    """Return all articles, oldest first."""
    files = [*(ROOT / "content" / "articles").rglob("*.yaml"), *(ROOT / "tests" / "data" / "moving").glob("*.yaml")]
    return sorted(map(_sample, files), key=lambda sample: (sample.date, sample.slug))


def _sample(file: Path) -> Sample:
    values = yaml.load(file.read_text(encoding="utf-8"), yaml.BaseLoader)
    date = datetime.fromisoformat(values["published"])
    picture = values.get("picture") or {}
    authors = [each if isinstance(each, str) else each["name"] for each in values.get("authors") or ["CRCM"]]
    return Sample(
        slug=file.stem,
        title=values["title"],
        date=date if date.tzinfo else date.replace(tzinfo=PARIS),
        categories=tuple(values["categories"]),
        tags=tuple(values.get("tags") or ()),
        author=authors[0],
        summary=" ".join((values.get("summary") or "").split()),
        body=values["body"],
        picture=picture.get("file", ""),
        alt=picture.get("alt", ""),
        is_draft=values.get("draft") == "true",
    )


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def _copy_media(folder: Path) -> None:
    shutil.copytree(ROOT / "content" / "media", folder, dirs_exist_ok=True)


def _yaml(values: dict[str, object]) -> str:
    lines = [f"{name}: {json.dumps(value, ensure_ascii=False)}" for name, value in values.items() if value]
    return "\n".join(["---", *lines, "---", ""])


def _toml(values: dict[str, object]) -> str:
    lines = [f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in values.items() if value]
    return "\n".join(["+++", *lines, "+++", ""])


def _values(sample: Sample, **more: object) -> dict[str, object]:
    return {
        "title": sample.title,
        "date": sample.date.isoformat(),
        "categories": list(sample.categories),
        "tags": list(sample.tags),
        "author": sample.author,
        "description": sample.summary,
        "draft": sample.is_draft,
        **more,
    }


def hugo(root: Path, articles: Sequence[Sample]) -> None:
    """Write a site of Hugo: front matter in all forms, page bundles, shortcodes, and addresses by year."""
    _write(
        root / "hugo.toml",
        f'baseURL = "{HOME}/"\nlanguageCode = "fr"\ntitle = "CRCM"\n'
        '[permalinks.page]\nposts = "/:year/:month/:slug/"\n',
    )
    for name in ("single", "list"):
        _write(root / f"layouts/_default/{name}.html", "<title>{{ .Title }}</title>{{ .Content }}")
    _write(root / "content/about.md", _yaml({"title": "À propos"}) + "Une page sans date.")
    _write(root / "content/posts/_index.md", _yaml({"title": "Actualités"}))
    _copy_media(root / "static/images")
    for index, sample in enumerate(articles):
        values = _values(sample, image=f"/images/{sample.picture}" if sample.picture and index % 2 else "")
        front = (_yaml, _toml, lambda values: json.dumps(values, ensure_ascii=False, indent=2) + "\n")[index % 3](
            values
        )
        body = sample.linked('{{{{< relref "{}" >}}}}', "/images")
        if sample.picture and not index % 2:
            body = f'{{{{< figure src="{sample.picture}" alt="{sample.alt}" >}}}}\n\n{body}'
            _write(root / f"content/posts/{sample.slug}/index.md", front + "\n" + body)
            shutil.copy(ROOT / "content" / "media" / sample.picture, root / "content/posts" / sample.slug)
        else:
            body = re.sub(r"```(\w+)\n(.*?)```", r"{{< highlight \1 >}}\n\2{{< /highlight >}}", body, flags=re.DOTALL)
            _write(root / f"content/posts/{sample.slug}.md", front + "\n" + body)


def jekyll(root: Path, articles: Sequence[Sample]) -> None:
    """Write a site of Jekyll: dated file names, categories in addresses, and tags of Liquid."""
    _write(
        root / "_config.yml",
        f"title: CRCM\nurl: {HOME}\nlang: fr\ntimezone: Europe/Paris\n"
        "plugins: [jekyll-feed]\nfeed: {posts_limit: 100}\n",
    )
    _write(root / "_layouts/post.html", "<title>{{ page.title }}</title>{{ content }}")
    _write(root / "about.md", _yaml({"title": "À propos", "layout": "post"}) + "Une page.")
    _copy_media(root / "assets/images")
    dates = {sample.slug: f"{sample.date.astimezone(PARIS):%Y-%m-%d}" for sample in articles}
    for sample in articles:
        values = _values(sample, layout="post", draft="")
        values["date"] = f"{sample.date.astimezone(PARIS):%Y-%m-%d %H:%M:%S %z}"
        values["image"] = f"/assets/images/{sample.picture}" if sample.picture else ""
        body = sample.linked("{{% post_url {} %}}", '{{ "/assets/images" | relative_url }}')
        body = re.sub(r"post_url ([a-z0-9-]+)", lambda match: f"post_url {dates.get(match[1], '')}-{match[1]}", body)
        body = re.sub(r"```(\w+)\n(.*?)```", r"{% highlight \1 linenos %}\n\2{% endhighlight %}", body, flags=re.DOTALL)
        name = f"_drafts/{sample.slug}.md" if sample.is_draft else f"_posts/{dates[sample.slug]}-{sample.slug}.md"
        _write(root / name, f"{_yaml(values)}{body}\n{{: .texte}}\n")


def hexo(root: Path, articles: Sequence[Sample]) -> None:
    """Write a site of Hexo with its default addresses, an asset folder, and tags of its own."""
    _write(
        root / "_config.yml",
        f"title: CRCM\nlanguage: fr\ntimezone: Europe/Paris\nurl: {HOME}\nroot: /\nsource_dir: source\n"
        "permalink: :year/:month/:day/:title/\ntheme: landscape\n"
        "feed: {type: atom, path: atom.xml, limit: 0, content: true}\n",
    )
    _write(root / "source/about/index.md", _yaml({"title": "À propos"}) + "Une page.")
    _copy_media(root / "source/images")
    for sample in articles:
        values = _values(sample, draft="", cover=f"/images/{sample.picture}" if sample.picture else "")
        values["date"] = f"{sample.date.astimezone(PARIS):%Y-%m-%d %H:%M:%S}"
        body = sample.linked("{{% post_path {} %}}", "/images").replace("\n\n", "\n\n<!-- more -->\n\n", 1)
        body = re.sub(r"```(\w+)\n(.*?)```", r"{% codeblock lang:\1 %}\n\2{% endcodeblock %}", body, flags=re.DOTALL)
        _write(root / f"source/{'_drafts' if sample.is_draft else '_posts'}/{sample.slug}.md", _yaml(values) + body)


def eleventy(root: Path, articles: Sequence[Sample]) -> None:
    """Write a site of Eleventy as its base blog is: a collection of posts, and the feed of its plugin."""
    _write(
        root / "eleventy.config.js",
        f"""import {{ feedPlugin }} from "@11ty/eleventy-plugin-rss";

export default function (config) {{
  config.addPreprocessor("drafts", "*", (data) => (data.draft ? false : undefined));
  config.addPassthroughCopy({{ public: "/" }});
  config.addPlugin(feedPlugin, {{
    type: "atom",
    outputPath: "/feed/feed.xml",
    collection: {{ name: "posts", limit: 0 }},
    metadata: {{ language: "fr", title: "CRCM", base: "{HOME}/", author: {{ name: "CRCM" }} }},
  }});
  return {{ dir: {{ input: "content" }} }};
}}
""",
    )
    _write(root / "package.json", '{"type": "module"}')
    _write(root / "content/about.md", _yaml({"title": "À propos", "permalink": "/about/"}) + "Une page.")
    _copy_media(root / "public/img")
    for sample in articles:
        values = _values(sample, categories="", tags=["posts", *sample.categories, *sample.tags])
        body = sample.linked("/blog/{}/", "/img")
        if sample.picture:
            body = f"![{sample.alt}](/img/{sample.picture})\n\n{body}"
        _write(root / f"content/blog/{sample.slug}.md", _yaml(values) + body)


def astro(root: Path, articles: Sequence[Sample]) -> None:
    """Write a site of Astro as its blog template is: a collection, hero images, and a feed with whole texts."""
    _write(
        root / "astro.config.mjs",
        f"import {{ defineConfig }} from 'astro/config';\n\nexport default defineConfig({{\n  site: '{HOME}',\n}});\n",
    )
    _write(root / "package.json", '{"type": "module"}')
    _write(
        root / "src/content.config.ts",
        """import { defineCollection, z } from 'astro:content';
import { glob } from 'astro/loaders';

const blog = defineCollection({
  loader: glob({ base: './src/content/blog', pattern: '**/*.{md,mdx}' }),
  schema: ({ image }) => z.object({
    title: z.string(), description: z.string().optional(), pubDate: z.coerce.date(),
    heroImage: image().optional(), draft: z.boolean().optional(), tags: z.array(z.string()).optional(),
    categories: z.array(z.string()).optional(), author: z.string().optional(),
  }),
});
export const collections = { blog };
""",
    )
    _write(
        root / "src/pages/rss.xml.js",
        """import rss from '@astrojs/rss';
import { getCollection } from 'astro:content';
import MarkdownIt from 'markdown-it';
import sanitizeHtml from 'sanitize-html';

export async function GET(context) {
  const posts = await getCollection('blog', ({ data }) => !data.draft && data.pubDate < new Date());
  return rss({
    title: 'CRCM', description: 'Actualités', site: context.site,
    items: posts.map((post) => ({
      title: post.data.title, pubDate: post.data.pubDate, description: post.data.description,
      categories: post.data.categories, link: `/blog/${post.id}/`,
      content: sanitizeHtml(new MarkdownIt().render(post.body)),
    })),
  });
}
""",
    )
    _write(
        root / "src/pages/blog/[...slug].astro",
        """---
import { getCollection, render } from 'astro:content';
export async function getStaticPaths() {
  const posts = await getCollection('blog');
  return posts.map((post) => ({ params: { slug: post.id }, props: post }));
}
const { Content } = await render(Astro.props);
---
<html><body><Content /></body></html>
""",
    )
    _copy_media(root / "src/assets")
    _copy_media(root / "public/img")
    for sample in articles:
        values = _values(sample, date="", pubDate=f"{sample.date:%b %d %Y %H:%M %z}")
        values["heroImage"] = f"../../assets/{sample.picture}" if sample.picture else ""
        _write(root / f"src/content/blog/{sample.slug}.md", _yaml(values) + sample.linked("/blog/{}/", "/img"))


def pelican(root: Path, articles: Sequence[Sample]) -> None:
    """Write a site of Pelican with its default addresses, and metadata as lines."""
    _write(
        root / "pelicanconf.py",
        f"""SITENAME = "CRCM"
SITEURL = "{HOME}"
PATH = "content"
TIMEZONE = "Europe/Paris"
DEFAULT_LANG = "fr"
STATIC_PATHS = ["images"]
FEED_DOMAIN = SITEURL
FEED_ALL_ATOM = "feeds/all.atom.xml"
FEED_ALL_RSS = "feeds/all.rss.xml"
RSS_FEED_SUMMARY_ONLY = False
CATEGORY_FEED_ATOM = "feeds/{{slug}}.atom.xml"
TRANSLATION_FEED_ATOM = None
WITH_FUTURE_DATES = False
""",
    )
    _write(root / "content/pages/about.md", "Title: À propos\n\nUne page.\n")
    _copy_media(root / "content/images")
    for sample in articles:
        lines = {
            "Title": sample.title,
            "Date": f"{sample.date.astimezone(PARIS):%Y-%m-%d %H:%M}",
            "Category": sample.categories[0],
            "Tags": ", ".join((*sample.categories[1:], *sample.tags)),
            "Author": sample.author,
            "Summary": sample.summary,
            "Slug": sample.slug,
            "Status": "draft" if sample.is_draft else "",
        }
        body = sample.linked("{{filename}}{}.md", "{static}/images")
        if sample.picture:
            body = f"![{sample.alt}]({{static}}/images/{sample.picture})\n\n{body}"
        head = "".join(f"{name}: {value}\n" for name, value in lines.items() if value)
        _write(root / f"content/{sample.slug}.md", f"{head}\n{body}")


def nikola(root: Path, articles: Sequence[Sample]) -> None:
    """Write the posts of a site of Nikola; `nikola init` makes the rest."""
    _copy_media(root / "images")
    for sample in articles:
        lines = {
            "title": sample.title,
            "slug": sample.slug,
            "date": f"{sample.date.astimezone(PARIS):%Y-%m-%d %H:%M:%S %z}",
            "category": sample.categories[0],
            "tags": ""
            if sample.slug.endswith("-en")
            else ", ".join(sample.tags),  # it refuses résistance beside resistance
            "author": sample.author,
            "description": sample.summary,
            "status": "draft" if sample.is_draft else "",
            "type": "text",
        }
        body = sample.linked("link://slug/{}", "/images")
        if sample.picture:
            body = f"![{sample.alt}](/images/{sample.picture})\n\n{body}"
        head = "".join(f".. {name}: {value}\n" for name, value in lines.items() if value)
        _write(root / f"posts/{sample.slug}.md", f"<!--\n{head}-->\n\n{body}")


WRITERS: dict[str, Callable[[Path, Sequence[Sample]], None]] = {
    "Hugo": hugo,
    "Jekyll": jekyll,
    "Hexo": hexo,
    "Eleventy": eleventy,
    "Astro": astro,
    "Pelican": pelican,
    "Nikola": nikola,
}
"""The functions that write the sites, by the names of the generators."""
