// Copies the value of a field at the press of a button, which is shown where there is a clipboard to copy to.
if (navigator.clipboard) {
  document.documentElement.classList.add("copies");
  document.addEventListener("click", async ({ target: button }) => {
    const field = button.dataset?.copy && document.getElementById(button.dataset.copy);
    if (!field) return;
    field.select();
    await navigator.clipboard.writeText(field.value);
    const label = button.textContent;
    button.textContent = button.dataset.done;
    button.parentElement.querySelector("[role=status]").textContent = button.dataset.done;
    setTimeout(() => { button.textContent = label; }, 2000);
  });
}
