// Searches the articles of a site that was built as files, with the index that Pagefind wrote beside them.
const PER_PAGE = 20;
const section = document.getElementById("results");
const parameters = new URLSearchParams(location.search);
const query = (parameters.get("q") ?? "").trim();
const words = query.replace(/\b(?:[cdjlmnst]|qu|jusqu|lorsqu|puisqu|quoiqu)['’](?=\p{L})/giu, "");  // l’été: été
const page = Math.max(1, Number.parseInt(parameters.get("page") ?? "1", 10) || 1);

function add(parent, name, text, attributes = {}) {
  const element = document.createElement(name);
  element.textContent = text;
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  parent.append(element);
  return element;
}

if (query) {
  for (const field of document.querySelectorAll("input[name=q]")) field.value = query;
  const pagefind = await import(section.dataset.index);
  const { results } = await pagefind.search(words);
  const text = results.length === 0 ? section.dataset.none : results.length === 1 ? section.dataset.one : section.dataset.some;
  add(section, "h2", text.replace("{count}", results.length).replace("{query}", () => query));
  const list = add(section, "ol", "", { class: "entries" });
  const shown = await Promise.all(results.slice((page - 1) * PER_PAGE, page * PER_PAGE).map(result => result.data()));
  for (const { url, meta } of shown) {
    const article = add(add(list, "li", ""), "div", "");
    add(article, "p", meta.category, { class: "kicker" });
    add(add(article, "h3", ""), "a", meta.title, { href: url });
    add(article, "p", meta.summary, { class: "summary" });
    add(article, "p", meta.date, { class: "date" });
  }
  if (results.length > page * PER_PAGE) {
    parameters.set("page", page + 1);
    add(add(section, "p", "", { class: "more" }), "a", section.dataset.more, { href: `?${parameters}`, rel: "next" });
  }
}
