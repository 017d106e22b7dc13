/* Sets the chosen theme before the first paint; a file of its own, because the page allows no inline scripts. */
try {
  document.documentElement.dataset.theme = localStorage.getItem('bud-theme') ?? 'auto'
} catch {
  document.documentElement.dataset.theme = 'auto'
}
