// Shows the buttons that copy the value of a field, where a clipboard is there to copy to.
for (const button of navigator.clipboard ? document.querySelectorAll("[data-copy]") : []) {
  const field = document.getElementById(button.dataset.copy);
  const label = button.textContent;
  button.hidden = false;
  button.addEventListener("click", async () => {
    field.select();
    await navigator.clipboard.writeText(field.value);
    button.textContent = button.dataset.done;
    button.parentElement.querySelector("[role=status]").textContent = button.dataset.done;
    setTimeout(() => { button.textContent = label; }, 2000);
  });
}
