import type { JSX } from 'hono/jsx/jsx-runtime'

/** The text of an element: escaped. None of the page's templates waits for anything, so it is there at once. */
export function html(node: JSX.Element): string {
  if (node instanceof Promise) throw new TypeError('a template of the page waits for something')
  return node.toString()
}
