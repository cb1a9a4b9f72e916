/** How long a button says what it did, in ms. */
const SAID_MS = 2000

/** Lets the buttons copy what they name; where the clipboard is closed to the page, the text is selected instead. */
export function enableCopying(announce: (text: string) => void): void {
  document.addEventListener('click', ({ target }) => {
    const button = target instanceof Element ? target.closest<HTMLButtonElement>('button[data-copy]') : null
    const source = document.getElementById(button?.dataset['copy'] ?? '')
    if (button !== null && source !== null) void copy(button, source, announce)
  })
}

async function copy(
  button: HTMLButtonElement,
  source: Element,
  announce: (text: string) => void,
): Promise<void> {
  const isCopied = await toClipboard(source.textContent)
  if (!isCopied) select(source)
  button.textContent = isCopied ? 'Copied' : 'Selected'
  announce(isCopied ? 'Copied' : 'Selected: copy it with Ctrl+C')
  setTimeout(() => {
    button.textContent = 'Copy'
  }, SAID_MS)
}

async function toClipboard(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text)
    return true
  } catch {
    return false // not allowed, or not there: the page is not loaded over TLS or from this machine
  }
}

function select(element: Element): void {
  const range = document.createRange()
  range.selectNodeContents(element)
  const selection = getSelection()
  selection?.removeAllRanges()
  selection?.addRange(range)
}
