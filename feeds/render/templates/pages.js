// What pages can do beyond HTML: find a feed while one types, copy an address, tell a time in the reader's own zone,
// do without a picture that is gone.
// Without it every page says the same.
"use strict";

for (const time of document.querySelectorAll("time[datetime]")) {
  const moment = new Date(time.dateTime);
  if (!isNaN(moment)) time.title = moment.toLocaleString(undefined, { dateStyle: "full", timeStyle: "short" });
}

for (const link of document.querySelectorAll("a[data-subscribes]")) {
  // It opens a feed reader. In HTML stands the address of the feed itself, for who has no script.
  link.href = `feed:${link.href}`;
}

for (const image of document.querySelectorAll(".pictured > img")) {
  // A picture that is gone leaves no hole.
  const leave = () => {
    image.parentElement.classList.remove("pictured");
    image.remove();
  };
  image.addEventListener("error", leave);
  if (image.complete && image.naturalWidth === 0 && image.currentSrc) leave();
}

for (const button of document.querySelectorAll("button[data-copies]")) {
  const field = document.getElementById(button.dataset.copies);
  const told = button.closest(".address").querySelector("[role=status]");
  const label = button.textContent;
  let waiting;
  button.hidden = false;
  button.addEventListener("click", async () => {
    let done = true;
    try {
      await navigator.clipboard.writeText(field.value);
    } catch {
      field.select(); // there is no clipboard without TLS: the old way, or by hand
      done = document.execCommand("copy");
    }
    button.classList.toggle("done", done);
    button.textContent = done ? "Copied" : label;
    told.textContent = done ? "The address is copied. Paste it into your reader." : "Select the address and copy it.";
    clearTimeout(waiting);
    waiting = setTimeout(() => {
      button.classList.remove("done");
      button.textContent = label;
      told.textContent = "";
    }, 4000);
  });
  field.addEventListener("focus", () => field.select());
}

const search = document.getElementById("search");
if (search) {
  const folded = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLocaleLowerCase();
  const box = search.closest(".search");
  const found = box.querySelector("[role=status]");
  const sections = [...document.querySelectorAll(".kinds section")].map((section) => ({
    section,
    // By name, and by address: a provider is known by its domain.
    items: [...section.querySelectorAll("ul > li")].map((item) => {
      const name = item.firstElementChild;
      const articles = Number(item.querySelector("b").textContent);
      const newest = item.querySelector("time").textContent;
      return { item, articles, newest, text: folded(`${name.textContent} ${(name.getAttribute("href") ?? "").split("/").slice(1).join(" ")}`) };
    }),
  }));
  box.hidden = false;
  const filter = () => {
    const words = folded(search.value).split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const { section, items } of sections) {
      let some = 0;
      for (const { item, text } of items) {
        const hidden = !words.every((word) => text.includes(word));
        if (item.hidden !== hidden) item.hidden = hidden;
        if (!hidden) some += 1;
      }
      section.hidden = some === 0;
      shown += some;
    }
    found.textContent = words.length === 0 ? "" : shown === 1 ? "1 feed" : shown ? `${shown.toLocaleString()} feeds` : "No feed is called that.";
  };
  const orders = {
    name: () => 0, // as they came
    articles: (one, other) => other.articles - one.articles,
    newest: (one, other) => (one.newest < other.newest ? 1 : one.newest > other.newest ? -1 : 0),
  };
  const buttons = [...box.querySelectorAll("[data-order]")];
  for (const button of buttons) {
    button.addEventListener("click", () => {
      for (const other of buttons) other.setAttribute("aria-pressed", String(other === button));
      for (const { section, items } of sections) {
        section.querySelector("ul").append(...[...items].sort(orders[button.dataset.order]).map(({ item }) => item));
      }
    });
  }
  search.addEventListener("input", filter);
  search.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    const first = document.querySelector(".kinds section:not([hidden]) li:not([hidden]) a");
    if (first && search.value.trim()) first.click();
  });
  filter(); // a browser may have kept what was typed
}
