import type { Child } from 'hono/jsx'

// The style sheet lays rows out as blocks on narrow screens, and browsers then forget that a table is one: the roles
// say it again.

type TableProps = {
  readonly caption: string
  readonly class?: string
  /** One heading for each column. */
  readonly head: readonly string[]
  readonly children: Child
}

/** A table with a caption for screen readers and a heading for each column. */
export const Table = ({ caption, class: className, head, children }: TableProps) => (
  <table role="table" class={className}>
    <caption class="unseen">{caption}</caption>
    <thead role="rowgroup">
      <tr role="row">
        {head.map((name) => (
          <th role="columnheader" scope="col">
            {name}
          </th>
        ))}
      </tr>
    </thead>
    <tbody role="rowgroup">{children}</tbody>
  </table>
)

type RowProps = { readonly id?: string; readonly outcome?: string; readonly children: Child }

/** A row; one with an `id` is recognised when the page changes under a reader's eyes. */
export const Row = ({ id, outcome, children }: RowProps) => (
  <tr role="row" id={id} data-outcome={outcome}>
    {children}
  </tr>
)

type CellProps = {
  readonly class?: string
  /** The column's heading, shown beside the value on narrow screens. */
  readonly label?: string
  readonly children: Child
}

/** The cell that names its row. */
export const RowHead = ({ class: className, children }: CellProps) => (
  <th role="rowheader" scope="row" class={className}>
    {children}
  </th>
)

/** A cell. */
export const Cell = ({ class: className, label, children }: CellProps) => (
  <td role="cell" class={className} data-label={label}>
    {children}
  </td>
)
