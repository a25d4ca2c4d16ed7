// Enhances the article form, which also works without this script.
const form = document.getElementById("article");
const frame = document.getElementById("preview");
const body = document.getElementById("body");
let isChanged = false;

const token = () => form.elements.csrf_token.value;
const errors = document.getElementById("errors");
if (errors) errors.focus();

// Markdown buttons
const toolbar = form.querySelector(".toolbar");
toolbar.hidden = false;

function replaceSelection(text, start, end) {
  body.setRangeText(text, body.selectionStart, body.selectionEnd, "preserve");
  body.setSelectionRange(start, end);
  body.focus();
  body.dispatchEvent(new Event("input", { bubbles: true }));
}

function surround(before, after) {
  const { selectionStart: start, selectionEnd: end, value } = body;
  const text = value.slice(start, end);
  replaceSelection(before + text + after, start + before.length, end + before.length);
}

function startLines(mark) {
  const from = body.value.lastIndexOf("\n", body.selectionStart - 1) + 1;
  body.setSelectionRange(from, body.selectionEnd);
  const lines = body.value.slice(from, body.selectionEnd).split("\n").map((line) => mark + line).join("\n");
  replaceSelection(lines, from + mark.length, from + lines.length);
}

toolbar.addEventListener("click", ({ target }) => {
  const button = target.closest("button");
  if (!button) return;
  const { before, after, line } = button.dataset;
  if (line) startLines(line); else surround(before, after);
});

// Live preview: the unsaved form, half a second after the last change
let timer, request;
async function showPreview() {
  request?.abort();
  request = new AbortController();
  const data = new FormData(form);
  for (const [name, value] of [...data]) if (value instanceof File) data.delete(name);
  const address = document.getElementById("show-preview").formAction;
  try {
    const response = await fetch(address, { method: "POST", body: data, signal: request.signal });
    const text = await response.text();
    const top = frame.contentWindow?.scrollY ?? 0;
    frame.addEventListener("load", () => frame.contentWindow.scrollTo(0, top), { once: true });
    frame.srcdoc = text;
  } catch { /* a newer preview was asked for, or the server does not answer */ }
}
form.addEventListener("input", () => {
  isChanged = true;
  clearTimeout(timer);
  timer = setTimeout(showPreview, 500);
});
document.getElementById("show-preview").addEventListener("click", (event) => {
  event.preventDefault();
  showPreview();
});
if (body.value) showPreview();

// A warning before leaving with unsaved changes
form.addEventListener("submit", () => { isChanged = false; });
addEventListener("beforeunload", (event) => { if (isChanged) event.preventDefault(); });

// Uploads: by choosing or dropping a file
async function upload(area, file) {
  const status = area.querySelector(".upload-status");
  const name = area.dataset.name;
  status.textContent = form.dataset.uploading;
  const data = new FormData();
  data.append("file", file);
  data.append("kind", area.dataset.kind ?? "");
  try {
    const headers = { Accept: "application/json", "X-CSRFToken": token() };
    const response = await fetch(form.dataset.media, { method: "POST", body: data, headers });
    const answer = await response.json();
    if (!response.ok) throw new Error(answer.error);
    form.elements[`${name}-file`].value = answer.path;
    form.elements[`${name}-upload`].value = "";
    status.textContent = form.dataset.uploaded;
    if (name === "picture") showPicture(answer.url);
    form.elements[`${name}-file`].dispatchEvent(new Event("input", { bubbles: true }));
  } catch (error) {
    status.textContent = error.message && error.name === "Error" ? error.message : form.dataset.failed;
  }
}

for (const area of form.querySelectorAll(".drop")) {
  area.addEventListener("dragover", (event) => { event.preventDefault(); area.classList.add("over"); });
  area.addEventListener("dragleave", () => area.classList.remove("over"));
  area.addEventListener("drop", (event) => {
    event.preventDefault();
    area.classList.remove("over");
    if (event.dataTransfer.files.length) upload(area, event.dataTransfer.files[0]);
  });
  form.elements[`${area.dataset.name}-upload`].addEventListener("change", ({ target }) => {
    if (target.files.length) upload(area, target.files[0]);
  });
}

// Focus: a click into the picture
const picture = form.querySelector(".focus img");
const point = form.querySelector(".focus .point");
const focus = document.getElementById("picture-focus");

function showPicture(url) {
  picture.src = url;
  picture.hidden = false;
}

function showPoint() {
  const [x, y] = focus.value.split(",").map(Number);
  point.hidden = picture.hidden || !focus.value || Number.isNaN(x + y);
  point.style.setProperty("--x", `${x * 100}%`);
  point.style.setProperty("--y", `${y * 100}%`);
}

picture.addEventListener("click", ({ offsetX, offsetY }) => {
  focus.value = `${(offsetX / picture.width).toFixed(2)}, ${(offsetY / picture.height).toFixed(2)}`;
  focus.dispatchEvent(new Event("input", { bubbles: true }));
});
focus.addEventListener("input", showPoint);
picture.addEventListener("load", showPoint);
showPoint();
