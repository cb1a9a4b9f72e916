/**
 * Changes the content of `from` into that of `to`, and touches only what differs: the focus, a selection, what was
 * unfolded and how far was scrolled stay. Elements are recognised by their `id`, else by their place. What is inside
 * an element with `data-keep` belongs to the script.
 */
export function morph(from: Element, to: Element): void {
  if (from.hasAttribute('data-keep')) return
  const named = new Map([...from.children].filter(({ id }) => id !== '').map((child) => [child.id, child]))
  let place = from.firstChild
  for (const wanted of [...to.childNodes]) {
    const found = counterpart(wanted, place, named)
    if (found === undefined) from.insertBefore(wanted, place)
    else {
      if (found === place) place = place.nextSibling
      else from.insertBefore(found, place)
      update(found, wanted)
    }
  }
  while (place !== null) {
    const next = place.nextSibling
    place.remove()
    place = next
  }
}

/** The node that is to become `wanted`; `undefined` where there is none. */
function counterpart(
  wanted: ChildNode,
  place: ChildNode | null,
  named: ReadonlyMap<string, Element>,
): ChildNode | undefined {
  const found = wanted instanceof Element && wanted.id !== '' ? named.get(wanted.id) : place
  if (found?.nodeName !== wanted.nodeName) return undefined
  const isNamedOtherwise = found instanceof Element && wanted instanceof Element && found.id !== wanted.id
  return isNamedOtherwise ? undefined : found
}

function update(node: ChildNode, wanted: ChildNode): void {
  if (node instanceof Element && wanted instanceof Element) {
    updateAttributes(node, wanted)
    morph(node, wanted)
  } else if (node.nodeValue !== wanted.nodeValue) node.nodeValue = wanted.nodeValue
}

function updateAttributes(element: Element, wanted: Element): void {
  for (const { name, value } of [...wanted.attributes]) {
    if (element.getAttribute(name) !== value) element.setAttribute(name, value)
  }
  for (const { name } of [...element.attributes]) {
    // whether details are unfolded is the reader's choice
    if (!wanted.hasAttribute(name) && name !== 'open') element.removeAttribute(name)
  }
}
