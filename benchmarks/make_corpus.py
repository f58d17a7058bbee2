#!/usr/bin/env python3
"""Write a reproducible corpus of article records, shaped like the real one in seeds/.

make_corpus.py OUT COUNT [--seed 1] [--per-dir 1000] [--topics 200] [--providers 2000] [--skew 1]

Every record is a `---` fenced YAML front-matter file of about 3 KB with the same keys,
nesting and quoting as the real record. Topics and providers follow a Zipf law (with --skew 0
each is as likely as any other), about one record in ten is unpublished, a few are dated in the
future, carry an offset other than Z, lack images, or repeat the web address of an earlier record.
The same arguments always give the same bytes. Standard library only.

`expected.json` beside the records says what a correct publisher must list: for every
topic and provider, the number of distinct published articles and the newest ten web addresses.
Distinct means one article per webUrl; where two published records share one, the record with
the newest publishedDateTime stands for both. Articles dated after 2026-01-01 are not yet due.
Ties in publishedDateTime are ordered by webUrl, ascending.
"""

import argparse
import json
import random
from collections import defaultdict
from datetime import UTC, datetime, timedelta, timezone
from itertools import accumulate
from pathlib import Path

WORDS = (
    "police recognition software department facial federal partner city council privacy model "
    "neural language vision robot market climate energy battery satellite hospital vaccine trial "
    "court ruling budget election school teacher farm water storm coast island museum film music "
    "festival league season coach record chip foundry supply cloud privacy breach patch kernel "
    "compiler browser standard protocol archive library reader editor feed signal orbit launch"
).split()
UNICODE = [
    "Émile Zola",
    "東京の新聞",
    "Straße & Söhne",
    "naïve “quotes”",
    "R&D <labs>",
    "Łódź",
    "🚀 launch",
    "שלום",
]
CLOSE = datetime(2026, 1, 1, tzinfo=UTC)


def zipf_weights(count, skew):
    """Cumulative, as `choices` would sum them up for each call."""
    return list(accumulate(1 / (rank + 1) ** skew for rank in range(count)))


def sentence(rng, low, high):
    words = [rng.choice(WORDS) for _ in range(rng.randint(low, high))]
    if rng.random() < 0.15:
        words.insert(rng.randrange(len(words)), rng.choice(UNICODE))
    text = " ".join(words)
    return text[0].upper() + text[1:]


def quoted(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def stamp(rng, moment):
    if rng.random() < 0.1:
        moment = moment.astimezone(timezone(timedelta(hours=rng.choice([-8, -5, 1, 9]))))
        return moment.isoformat()
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def image_lines(rng, domain, indent):
    pad = " " * indent
    return [
        f'{pad}- url: "https://{domain}/images/{rng.getrandbits(48):012x}.jpg?fit=2560%2C1709&ssl=1"',
        f"{pad}  width: {rng.choice([600, 960, 1280, 2560])}",
        f"{pad}  height: {rng.choice([439, 640, 720, 1709])}",
        f"{pad}  isCached: {rng.choice(['true', 'false'])}",
    ]


def slugged(text):
    return "-".join(
        "".join(c for c in text.lower() if c.isascii() and (c.isalnum() or c == " ")).split()
    )


def record(rng, index, topics, topic_weights, providers, provider_weights, earlier):
    domain, name = rng.choices(providers, cum_weights=provider_weights)[0]
    title = sentence(rng, 6, 14)
    published = rng.random() >= 0.1
    moment = CLOSE - timedelta(seconds=rng.randint(1, 5 * 365 * 86400))
    if rng.random() < 0.005:
        moment = CLOSE + timedelta(days=rng.randint(365 * 30, 365 * 40))
    url = f"https://{domain}/{moment:%Y/%m/%d}/{slugged(title)}-{index}/"
    if earlier and rng.random() < 0.01:
        url = rng.choice(earlier)
    chosen = list(
        dict.fromkeys(rng.choices(topics, cum_weights=topic_weights, k=rng.randint(1, 4)))
    )
    when = stamp(rng, moment)
    lines = [
        "---",
        f"category: {rng.choice(['news', 'research', 'opinion', 'video'])}",
        f"title: {quoted(title)}",
        f"excerpt: {quoted(sentence(rng, 25, 45) + '.')}",
        f"publishedDateTime: {when}",
        f"originalUrl: {quoted(url)}",
        f"webUrl: {quoted(url)}",
    ]
    if rng.random() < 0.6:
        lines += [
            f"ampWebUrl: {quoted(url)}",
            f"cdnAmpWebUrl: {quoted('https://' + domain.replace('.', '-') + '.cdn.ampproject.org/c/s/' + url[8:])}",
        ]
    lines += [
        "type: article",
        f"quality: {rng.randint(1, 100)}",
        f"heat: {rng.randint(1, 100)}",
        f"published: {'true' if published else 'false'}",
        "",
        "provider:",
        f"  name: {quoted(name) if not name.isascii() or '&' in name else name}",
        f"  domain: {domain}",
        "",
        "topics:",
        *[f"  - {topic}" for topic in chosen],
    ]
    if rng.random() < 0.85:
        lines += ["", "images:", *image_lines(rng, domain, 2)]
    related = rng.randint(0, 3)
    if related:
        lines += ["", "related:"]
        for _ in range(related):
            other_domain, other_name = rng.choices(providers, cum_weights=provider_weights)[0]
            other_when = moment - timedelta(hours=rng.randint(1, 72))
            lines += [
                f"  - title: {quoted(sentence(rng, 6, 14))}",
                f"    excerpt: {quoted(sentence(rng, 25, 40) + ' ...')}",
                f"    publishedDateTime: {other_when:%Y-%m-%dT%H:%M:%SZ}",
                f'    webUrl: "https://{other_domain}/story/{rng.getrandbits(40):010x}.html"',
                "    type: article",
                "    provider:",
                f"      name: {quoted(other_name)}",
                f"      domain: {other_domain}",
                f"    quality: {rng.randint(1, 100)}",
                "    images:",
                *image_lines(rng, other_domain, 6),
            ]
    blob = "".join(
        rng.choices("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", k=860)
    )
    lines += ["", f'secured: "{blob}==;{blob[:22]}=="', "---", ""]
    facts = {
        "url": url,
        "when": moment,
        "published": published,
        "topics": chosen,
        "provider": domain,
    }
    return "\n".join(lines), facts


def expected(facts):
    winners = {}
    for fact in facts:
        if not fact["published"] or fact["when"] > CLOSE:
            continue
        best = winners.get(fact["url"])
        if best is None or fact["when"] > best["when"]:
            winners[fact["url"]] = fact
    ordered = sorted(winners.values(), key=lambda f: f["url"])
    ordered.sort(key=lambda f: f["when"], reverse=True)
    groups = {"all": ordered, "topics": defaultdict(list), "providers": defaultdict(list)}
    for fact in ordered:
        groups["providers"][fact["provider"]].append(fact)
        for topic in fact["topics"]:
            groups["topics"][topic].append(fact)

    def summary(group):
        return {"articles": len(group), "newest": [f["url"] for f in group[:10]]}

    return {
        "all": summary(groups["all"]),
        "topics": {key: summary(group) for key, group in sorted(groups["topics"].items())},
        "providers": {key: summary(group) for key, group in sorted(groups["providers"].items())},
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("count", type=int)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--per-dir", type=int, default=1000)
    parser.add_argument("--topics", type=int, default=200)
    parser.add_argument("--providers", type=int, default=2000)
    parser.add_argument("--skew", type=float, default=1.0)
    args = parser.parse_args()

    rng = random.Random(args.seed)
    topics = list(
        dict.fromkeys(
            f"{rng.choice(WORDS).title()} {rng.choice(WORDS).title()}"
            for _ in range(args.topics * 3)
        )
    )[: args.topics]
    topics[:2] = ["AI", "Computer Vision"]
    providers = []
    for number in range(args.providers):
        word = f"{rng.choice(WORDS)}{rng.choice(WORDS)}{number}"
        name = f"The {word.title()}" if rng.random() < 0.9 else f"{rng.choice(UNICODE)} {number}"
        providers.append((f"{word}.{rng.choice(['org', 'com', 'net'])}", name))
    topic_weights, provider_weights = (
        zipf_weights(len(topics), args.skew),
        zipf_weights(len(providers), args.skew),
    )

    facts, earlier = [], []
    for index in range(args.count):
        text, fact = record(rng, index, topics, topic_weights, providers, provider_weights, earlier)
        folder = args.out / "records" / f"{index // args.per_dir:04d}"
        if index % args.per_dir == 0:
            folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{index:07d}.md").write_text(text, encoding="utf-8")
        facts.append(fact)
        if len(earlier) < 5000:
            earlier.append(fact["url"])
    (args.out / "expected.json").write_text(
        json.dumps(expected(facts), ensure_ascii=False, indent=1), encoding="utf-8"
    )


if __name__ == "__main__":
    main()
