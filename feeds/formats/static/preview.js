// Loads a preview anew once the content was read anew: when a file is saved, or an embargo ends.
const { address, known } = document.currentScript.dataset;
setInterval(async () => {
  try {
    const revision = await (await fetch(address, { cache: "no-store" })).json();
    if (String(revision) !== known) location.reload();
  } catch { /* the server is being started anew: the next question may reach it */ }
}, 500);
