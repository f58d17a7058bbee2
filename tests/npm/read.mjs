// What a parser of npm makes of a document.  In: the parser's name, a file.  Out: JSON, as the parser gives it.
import { readFileSync } from "node:fs";
import { parseFeed } from "feedsmith";
import Parser from "rss-parser";

// By its own design rss-parser passes over what it is not asked for by name.
const asked = [
  ["media:content", "media", { keepArray: true }],
  ["category", "categories", { keepArray: true }],
  "updated",
];
const parsers = {
  feedsmith: parseFeed,
  "rss-parser": (text) => new Parser({ customFields: { item: asked } }).parseString(text),
};

const [name, file] = process.argv.slice(2);
process.stdout.write(JSON.stringify(await parsers[name](readFileSync(file, "utf8"))));
