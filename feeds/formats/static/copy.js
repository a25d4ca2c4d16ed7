// Copies text, or the value of a field, when a button is pressed. The button is shown only if there is a clipboard.
if (navigator.clipboard) {
  document.documentElement.classList.add("copies");
  document.addEventListener("click", async ({ target: button }) => {
    if (button.dataset?.copy === undefined) return;
    const field = document.getElementById(button.dataset.copy);
    field?.select();
    await navigator.clipboard.writeText(field ? field.value : button.dataset.text);
    const label = button.textContent;
    button.textContent = button.dataset.done;
    button.parentElement.querySelector("[role=status]").textContent = button.dataset.done;
    setTimeout(() => { button.textContent = label; }, 2000);
  });
}
