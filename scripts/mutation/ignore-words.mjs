/**
 * A Stryker plugin that leaves the wording of messages alone: a text with a space in it is read by people, and no test
 * should pin it word by word. Texts that become bytes (`encode`) are data, and are changed like everything else.
 */
export const strykerPlugins = [
  {
    kind: 'Ignore',
    name: 'words',
    value: {
      shouldIgnore: ({ node, parent }) =>
        wordsOf(node)?.includes(' ') === true && !isEncoded(parent) ? 'the wording of a message' : undefined,
    },
  },
]

function wordsOf(node) {
  if (node.type === 'StringLiteral') return node.value
  return node.type === 'TemplateLiteral' ? node.quasis.map(({ value }) => value.raw).join('') : undefined
}

function isEncoded(parent) {
  return parent?.type === 'CallExpression' && parent.callee.property?.name === 'encode'
}
