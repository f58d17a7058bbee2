#!/usr/bin/env python3
"""Turn a corpus of article records into a Hugo site that publishes the same feeds.

    hugo_site.py CORPUS/records SITE

SITE then builds with `hugo --source SITE --destination OUT`. The work is that of `formats` rss and
atom, `kinds` topics and providers, `archives` off: one RSS and one Atom feed of the newest 50
articles for everything, each topic and each provider, with title, link, id, dates, author, excerpt,
categories and images. Hugo wants flat taxonomy keys and a `draft` flag, so each copied record gains
`providers`, `date` and `draft`. Of records that share a web address all but the newest visible one
become drafts, so that both sides list the same articles. Standard library only.
"""

import argparse
import re
from datetime import UTC, datetime
from pathlib import Path

CONFIG = """\
baseURL = "https://feeds.example.org/"
title = "Articles"
disableKinds = ["sitemap", "robotstxt", "404"]
[taxonomies]
topic = "topics"
provider = "providers"
[outputs]
home = ["rss", "atom"]
term = ["rss", "atom"]
taxonomy = ["rss"]
section = ["rss"]
[services.rss]
limit = 50
[mediaTypes."application/atom+xml"]
suffixes = ["atom"]
[outputFormats.atom]
mediaType = "application/atom+xml"
baseName = "index"
isPlainText = false
"""

# The pages of the home are its sections; the feed of everything is of the articles in them.
PROLOGUE = (
    """{{- $pages := .Pages }}{{ if .IsHome }}{{ $pages = .Site.RegularPages }}{{ end -}}"""
    """{{- printf "<?xml version=\\"1.0\\" encoding=\\"utf-8\\"?>" | safeHTML }}
"""
)
PICTURES = (
    """{{ range .Params.images }}<media:content url="{{ .url }}" width="{{ .width }}" height="{{ .height }}" """
    """medium="image"/>{{ end }}"""
)
ATOM = (
    PROLOGUE
    + """<feed xmlns="http://www.w3.org/2005/Atom" xmlns:media="http://search.yahoo.com/mrss/">
<title>{{ .Title }}</title><id>{{ .Permalink }}</id><updated>{{ now.Format "2006-01-02T15:04:05Z07:00" }}</updated>
{{ range first 50 $pages }}<entry><title>{{ .Title }}</title><id>{{ .Params.webUrl }}</id>"""
    """<link href="{{ .Params.webUrl }}"/><updated>{{ .Date.Format "2006-01-02T15:04:05Z07:00" }}</updated>"""
    """<published>{{ .Date.Format "2006-01-02T15:04:05Z07:00" }}</published>"""
    """<author><name>{{ .Params.provider.name }}</name></author><summary>{{ .Params.excerpt }}</summary>"""
    """{{ range .Params.topics }}<category term="{{ . }}"/>{{ end }}"""
    + PICTURES
    + """</entry>
{{ end }}</feed>
"""
)
RSS = (
    PROLOGUE
    + """<rss version="2.0" xmlns:media="http://search.yahoo.com/mrss/" xmlns:dc="http://purl.org/dc/elements/1.1/">"""
    """<channel>
<title>{{ .Title }}</title><link>{{ .Permalink }}</link><description>{{ .Title }}</description>
{{ range first 50 $pages }}<item><title>{{ .Title }}</title><guid>{{ .Params.webUrl }}</guid>"""
    """<link>{{ .Params.webUrl }}</link><pubDate>{{ .Date.Format "Mon, 02 Jan 2006 15:04:05 -0700" }}</pubDate>"""
    """<dc:creator>{{ .Params.provider.name }}</dc:creator><description>{{ .Params.excerpt }}</description>"""
    """{{ range .Params.topics }}<category>{{ . }}</category>{{ end }}"""
    + PICTURES
    + """</item>
{{ end }}</channel></rss>
"""
)


def facts(text):
    """The web address, the moment and whether the record is visible now."""
    url = re.search(r'^webUrl: "(.*)"$', text, re.M).group(1)
    date = re.search(r"^publishedDateTime: (.*)$", text, re.M).group(1)
    moment = datetime.fromisoformat(date.replace("Z", "+00:00"))
    return url, moment, "\npublished: true" in text and moment <= datetime.now(UTC)


def hugo_record(text, wins):
    """The record as Hugo takes it; a draft when another one wins its address."""
    domain = re.search(r"^provider:\n  name: .*\n  domain: (.*)$", text, re.M).group(1)
    date = re.search(r"^publishedDateTime: (.*)$", text, re.M).group(1)
    draft = "false" if wins else "true"
    text = re.sub(r"\npublished: (true|false)", "", text)
    return text.replace(
        "\nprovider:\n",
        f"\nproviders:\n  - {domain}\ndate: {date}\ndraft: {draft}\n\nprovider:\n",
        1,
    )


def winning(records):
    """The path of the record that wins each web address, below `records`, with its moment."""
    winners = {}
    for source in sorted(records.rglob("*.md")):
        url, moment, visible = facts(source.read_text(encoding="utf-8"))
        if visible and (url not in winners or moment > winners[url][0]):
            winners[url] = (moment, source.relative_to(records))
    return {path: moment for moment, path in winners.values()}


def write_site(records, site):
    """Write the site, and return the records that win, as `winning` does."""
    layouts = site / "layouts" / "_default"
    layouts.mkdir(parents=True)
    (site / "hugo.toml").write_text(CONFIG, encoding="utf-8")
    (layouts / "list.atom.atom").write_text(ATOM, encoding="utf-8")
    (layouts / "list.rss.xml").write_text(RSS, encoding="utf-8")
    winners = winning(records)
    for source in records.rglob("*.md"):
        path = source.relative_to(records)
        target = site / "content" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(
            hugo_record(source.read_text(encoding="utf-8"), path in winners), encoding="utf-8"
        )
    return winners


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("records", type=Path)
    parser.add_argument("site", type=Path)
    args = parser.parse_args()
    write_site(args.records, args.site)


if __name__ == "__main__":
    main()
