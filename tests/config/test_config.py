"""config.toml: defaults, and every error that a person can make in it, named."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from feeds import load_config
from feeds.config import REMOVED_KEYS, Config
from feeds.errors import ConfigError
from tests import make

OWN = "[[feed]]\nkey = 'a'\ntitle = 'A'\n"


def load(folder: Path, text: str) -> Config:
    """The Config of a file with this text."""
    (folder / "config.toml").write_text(text, encoding="utf-8")
    return load_config(folder / "config.toml")


def test_an_empty_file_is_a_config(tmp_path: Path) -> None:
    config = make.site(tmp_path, {})
    (tmp_path / "config.toml").write_text("")
    config = load_config(tmp_path / "config.toml")
    assert config.feeds.limit == 50
    assert config.feeds.max_bytes == 1024 * 1024
    assert config.feeds.formats == ("rss", "atom", "json")
    assert config.feeds.kinds == ("topics", "providers", "categories")
    assert config.feeds.content == "full"
    assert config.feeds.amp is False
    assert config.site.hubs == ()
    assert config.site.base_url == "http://127.0.0.1:8000"
    assert config.records_folder == tmp_path / "seeds"
    assert config.store_file == tmp_path / ".feeds/store.sqlite"
    assert config.output_folder == tmp_path / "public"


def test_the_config_of_the_repository_is_a_good_example() -> None:
    config = load_config(make.ROOT / "config.toml")
    assert config.records_folder == make.ROOT / "seeds"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[site]\ntitel = 'x'", "site.titel: expected no such key"),
        ("[sight]\ntitle = 'x'", "sight: expected no such key"),
        ("file = 'x'", "file: expected no such key"),
        ("warnings = ['x']", "warnings: expected no such key"),
        ("site = 3", "site: expected a table, got 3"),
        ("[site]\ntitle = 3", "site.title: expected text in quotes, got 3"),
        ("[site]\ntitle = ' '", "site.title: expected a line of text, got ' '"),
        (
            "[site]\nbase_url = 'example.org'",
            "site.base_url: expected an http or https address, got 'example.org'",
        ),
        (
            "[site]\nbase_url = 'https://example.org/?a'",
            "site.base_url: expected an address without ? and #",
        ),
        (
            "[site]\nlogo = 'logo.png'",
            "site.logo: expected an http or https address, got 'logo.png'",
        ),
        (
            "[site]\nlanguage = 'e n'",
            "site.language: expected a language tag such as en or pt-BR, got 'e n'",
        ),
        ("[feeds]\nlimit = '50'", "feeds.limit: expected a whole number, got '50'"),
        ("[feeds]\nlimit = 0", "feeds.limit: expected 1 or more, got 0"),
        ("[feeds]\nmax_bytes = 0", "feeds.max_bytes: expected 1 or more, got 0"),
        ("[feeds]\nmax_bytes = '1 MB'", "feeds.max_bytes: expected a whole number, got '1 MB'"),
        ("[feeds]\nformats = []", "feeds.formats: expected at least one name, got []"),
        (
            "[feeds]\nformats = ['pdf']",
            "feeds.formats[0]: expected 'rss', 'atom' or 'json', got 'pdf'",
        ),
        (
            "[feeds]\nformats = ['json', 'opml']",
            "feeds.formats[1]: expected 'rss', 'atom' or 'json', got 'opml'",
        ),
        ("[feeds]\ncontent = 'none'", "feeds.content: expected 'full' or 'summary', got 'none'"),
        ("[feeds]\namp = 'yes'", "feeds.amp: expected true or false, got 'yes'"),
        (
            "[site]\nhubs = 'https://hub.example.org/'",
            "site.hubs: expected a list, got 'https://hub.example.org/'",
        ),
        ("[site]\nhubs = ['hub']", "site.hubs[0]: expected an http or https address, got 'hub'"),
        ("[feeds]\nformats = ['rss', 'rss']", "feeds.formats: expected each name once"),
        ("[feeds]\nkinds = 'topics'", "feeds.kinds: expected a list, got 'topics'"),
        ("[topics]\nai = 3", "topics.ai: expected a table, got 3"),
        ("topics = 3", "topics: expected a table, got 3"),
        ("[topics.ai]\ntitel = 'x'", "topics.ai.titel: expected no such key"),
        (
            "[topics.ai]\nimage = 'x.png'",
            "topics.ai.image: expected an http or https address, got 'x.png'",
        ),
        (
            "[topics.ai]\ncontent = 'none'",
            "topics.ai.content: expected 'full' or 'summary', got 'none'",
        ),
        ("[topics.ai]\naliases = 'A.I.'", "topics.ai.aliases: expected a list, got 'A.I.'"),
        ("[topics.'A.I.']", "topics.A.I.: expected a slug such as computer-vision, got 'A.I.'"),
        (
            "[topics.ai]\naliases = ['x']\n[topics.ml]\naliases = ['X']",
            "topics.ml.aliases: expected what no other table has, got 'X', as topics.ai.aliases has",
        ),
        ("[feeds]\nretired = ['ai', 'ai']", "feeds.retired: expected each name once"),
        (
            "[feeds]\nretired = ['topics/ai']\n[topics.ai]",
            "feeds.retired: expected the key of a feed that is no more, got 'topics/ai', as topics.ai has",
        ),
        ("[server]\nport = 0", "server.port: expected 1 or more, got 0"),
        ("[server]\nworkers = true", "server.workers: expected a whole number, got True"),
        (
            "[store]\nurl = 'postgresql://me:secret@host/db'",
            "store.url: expected sqlite:/// and the path of a file",
        ),
        ("[output]\npath = '.'", "output.path: expected a folder that does not hold the records"),
        (
            "[output]\npath = 'seeds'",
            "output.path: expected a folder that does not hold the records",
        ),
        (
            "[store]\nurl = 'sqlite:///public/store.sqlite'",
            "store.url: expected a file outside output.path",
        ),
        ("records.fields = 3", "config.toml: records.fields: expected a table, got 3"),
        (
            "[records.fields]\ntitle = 'secured'",
            "config.toml: records.fields.title: expected a key other than secured",
        ),
        (
            "[records.fields]\ntitel = 'x'\nheat = []\n[feeds]\nlimit = 0",
            "records.fields.titel: expected no such key; records.fields.heat: expected a key of theirs",
        ),
        (
            "[feed]\nkey = 'a'",
            "feed: expected double brackets, [[feed]], since there may be several",
        ),
        ("feed = 3", "feed: expected a list, got 3"),
        (
            f"{OWN}[topics.'A B']",
            "topics.A B: expected a slug such as computer-vision, got 'A B'",
        ),
        ("[[feed]]\ntitle = 'A'", "feed[0].key: expected this key"),
        ("[[feed]]\nkey = 'a'", "feed[0].title: expected this key"),
        (
            OWN.replace("'a'", "'Hot in AI'"),
            "feed[0].key: expected a plain slug, such as hot-in-ai, got 'Hot in AI'",
        ),
        (
            OWN.replace("'a'", "'a/b'"),
            "feed[0].key: expected a plain slug, such as hot-in-ai, got 'a/b'",
        ),
        (OWN.replace("'a'", "'..'"), "feed[0].key: expected a plain slug"),
        (OWN.replace("'a'", "'a-0123abcd'"), "feed[0].key: expected a plain slug"),
        (OWN + OWN, "feed[1].key: expected a key that no other has, got 'a'"),
        (OWN + "title2 = 'x'", "feed[0].title2: expected no such key"),
        (OWN + "topics = 'AI'", "feed[0].topics: expected a list, got 'AI'"),
        (OWN + "topics = ['AI', 3]", "feed[0].topics[1]: expected text in quotes, got 3"),
        (OWN + "topics = ['AI', ' ']", "feed[0].topics[1]: expected a name, got ' '"),
        (OWN + "topics = ['AI', 'ai']", "feed[0].topics: expected each name once, in one spelling"),
        (
            OWN + "providers = ['a b']",
            "feed[0].providers[0]: expected a host name, such as example.org, got 'a b'",
        ),
        (OWN + "categories = ['-']", "feed[0].categories[0]: expected a name, got '-'"),
        (
            OWN + "exclude = ['topic/ai']",
            "feed[0].exclude[0]: expected the key of a feed of topics, providers or cat",
        ),
        (
            OWN + "exclude = ['topics/AI']",
            "feed[0].exclude[0]: expected the key of a feed of topics, providers or cat",
        ),
        (
            OWN + "exclude = ['topics/a', 'all']",
            "feed[0].exclude[1]: expected the key of a feed of topics, providers",
        ),
        (
            OWN + "exclude = ['feeds/a']",
            "feed[0].exclude[0]: expected the key of a feed of topics, providers or cat",
        ),
        (
            OWN + "exclude = ['providers/A.org']",
            "feed[0].exclude[0]: expected the key of a feed of topics, providers",
        ),
        (
            OWN + "exclude = ['providers/a b']",
            "feed[0].exclude[0]: expected the key of a feed of topics, providers",
        ),
        (OWN + "exclude = ['topics/a', 'topics/a']", "feed[0].exclude: expected each name once"),
        (OWN + "min_heat = '70'", "feed[0].min_heat: expected a number, got '70'"),
        (OWN + "min_heat = true", "feed[0].min_heat: expected a number, got True"),
        (OWN + "min_heat = nan", "feed[0].min_heat: expected a number, got nan"),
        (OWN + "min_quality = -1", "feed[0].min_quality: expected 0 or more, got -1"),
        (OWN + "order = 'quality'", "feed[0].order: expected 'published' or 'heat', got 'quality'"),
        (OWN + "limit = 0", "feed[0].limit: expected 1 or more, got 0"),
        (OWN + "formats = []", "feed[0].formats: expected at least one name, got []"),
        (OWN + "formats = ['rss', 'rss']", "feed[0].formats: expected each name once"),
        (
            "[feeds]\nformats = ['rss']\n" + OWN + "formats = ['atom']",
            "feed[0].formats: expected some of feeds.formats, ['rss'], got ['atom']",
        ),
        ("[site", "expected TOML, got: "),
        (
            "[site]\na = 1\n[feeds]\nlimit = 0",
            "site.a: expected no such key; feeds.limit: expected 1 or more",
        ),
    ],
)
def test_a_fault_names_the_key_and_what_was_expected(
    tmp_path: Path, text: str, message: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, text)
    assert message in str(caught.value)
    assert str(caught.value).startswith(str(tmp_path / "config.toml"))
    assert "secret" not in str(caught.value)


def test_a_key_that_was_removed_is_accepted_with_a_warning_at_its_line(tmp_path: Path) -> None:
    plain = load(tmp_path, "[server]\nport = 9000\n")
    lines = [f"{key} = 'any value'" for section, key in REMOVED_KEYS if section == "server"]
    config = load(tmp_path, "\n".join(["[server]", *lines, "port = 9000"]))
    assert config.server == plain.server
    assert len(config.warnings) == len(REMOVED_KEYS)
    for number, (key, warning) in enumerate(
        zip(REMOVED_KEYS, config.warnings, strict=True), start=2
    ):
        assert warning.startswith(f"{tmp_path}/config.toml:{number}:")
        assert f" {'.'.join(key)}: this key no longer does anything and can be deleted; " in warning
    assert plain.warnings == ()


def test_a_removed_key_hides_no_fault(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"server\.prot: expected no such key"):
        load(tmp_path, "[server]\ndeltas = []\nprot = 1\n")
    with pytest.raises(ConfigError, match="server: expected a table"):
        load(tmp_path, "server = 3")


DEEP = "[" * 3_000
LARGE = "0x" + "f" * 5_000


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (f"[feeds]\nlimit = {'9' * 5_000}", "expected TOML, got: A number that is too large"),
        (f"[feeds]\nlimit = {LARGE}", "expected 10000 or less, got a number that is too large"),
        (f"[site]\ntitle = [{LARGE}]", "site.title: expected text in quotes"),
        (f"[records.fields]\ntitle = {LARGE}", "records.fields: "),
        (f"a = {DEEP}", "expected TOML, got: More than 32 levels"),
        (f"a = {DEEP}{']' * 3_000}", "expected TOML, got: More than 32 levels"),
        (f"a = {'{b = ' * 3_000}", "expected TOML, got: More than 32 levels"),
        (f"\n{'.'.join(['a'] * 20_000)} = 1", "More than 32 levels (at line 2, column 1)"),
        (f"[{'.'.join(['a'] * 20_000)}]", "More than 32 levels (at line 1, column 2)"),
        ("\n".join(f"[a{number}]" for number in range(300)), "; and 250 more"),
        ('[records]\npath = "a\\u0000b"', "records.path: expected the path of a file or folder"),
        ('[records]\nledger = "a\\u0000b"', "records.ledger: expected the path of a file"),
        ('[output]\npath = "a\\u0000b"', "output.path: expected the path of a file or folder"),
        ('[site]\ntemplates = "a\\u0000b"', "site.templates: expected the path of a file"),
        ('[store]\nurl = "sqlite:///a\\u0000b"', "store.url: expected sqlite:/// and the path"),
        (f'[records]\npath = "{"a" * 5_000}"', "records.path: expected the path of a file"),
        ('[site]\nbase_url = "https://a.example/%3Cb%3E"', "site.base_url: expected an address"),
        (f"[server]\nmemory = {10**18}", "server.memory: expected 1099511627776 or less"),
    ],
    ids=lambda value: value[:30],
)
def test_a_config_that_parsers_refuse_in_their_own_ways_is_refused_as_any_other(
    tmp_path: Path, text: str, message: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, text)
    assert message in str(caught.value)


def test_a_path_of_links_that_lead_to_each_other_is_refused_or_leads_nowhere(
    tmp_path: Path,
) -> None:
    (tmp_path / "one").symlink_to("two")
    (tmp_path / "two").symlink_to("one")
    try:
        config = load(tmp_path, '[output]\npath = "one/public"\n')
    except ConfigError as error:  # where Python says so by itself: before 3.13
        assert "expected paths that lead somewhere" in str(error)
    else:
        assert config.output_folder == tmp_path / "one" / "public"


def test_a_file_that_is_not_utf8_is_named(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_bytes(b"\xff")
    with pytest.raises(ConfigError, match="expected UTF-8"):
        load_config(tmp_path / "config.toml")


def test_a_mapping_of_fields_is_read_and_one_that_changes_nothing_is_none(tmp_path: Path) -> None:
    assert make.site(tmp_path, {}).records.fields is None
    assert make.site(tmp_path, {}, '[records.fields]\ntitle = "title"\n').records.fields is None
    mapping = make.site(tmp_path, {}, '[records.fields]\ntitle = "headline"\n').records.fields
    assert mapping is not None
    assert list(mapping.fields) == ["title"]


def test_the_environment_names_the_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FEEDS_STORE_URL", "sqlite:///elsewhere.sqlite")
    assert make.site(tmp_path, {}).store_file == tmp_path / "elsewhere.sqlite"


def test_host_and_port_of_the_command_rule_the_default_address(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("")
    config = load_config(tmp_path / "config.toml", host="0.0.0.0", port=9000, workers=None)
    assert config.site.base_url == "http://127.0.0.1:9000"
    assert config.server.workers == 1


def test_a_base_url_loses_its_last_slash(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("[site]\nbase_url = 'HTTPS://Example.org/blog/'")
    assert load_config(tmp_path / "config.toml").site.base_url == "https://example.org/blog"


def test_a_config_cannot_change(tmp_path: Path) -> None:
    config = make.site(tmp_path, {})
    with pytest.raises(ValidationError):
        setattr(config.feeds, "limit", 3)  # noqa: B010 - mypy knows better than to allow it
