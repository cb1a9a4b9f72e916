/** What is plotted: the kinds of payloads, and the board's share. */
export const SERIES = ['device', 'block', 'preattestation', 'attestation', 'operation', 'other'] as const

export type Series = (typeof SERIES)[number]

/** Around the origin, 8 pixels wide; the legend (`latency.tsx`) shows the same shapes. */
const SHAPES: Readonly<Record<Series, { readonly path: string; readonly isOutline: boolean }>> = {
  device: { path: 'M-4 0H4', isOutline: true },
  block: { path: 'M-4 -4H4V4H-4z', isOutline: false },
  preattestation: { path: 'M0 -4.5L4.5 4H-4.5z', isOutline: false },
  attestation: { path: 'M-4 0A4 4 0 1 0 4 0A4 4 0 1 0 -4 0z', isOutline: false },
  operation: { path: 'M0 -5L5 0L0 5L-5 0z', isOutline: false },
  other: { path: 'M-4 -4L4 4M4 -4L-4 4', isOutline: true },
}

/** The shape of a series, so that colour is not all that tells them apart. */
export function shapeOf(name: Series): { readonly shape: Path2D; readonly isOutline: boolean } {
  const { path, isOutline } = SHAPES[name]
  return { shape: new Path2D(path), isOutline }
}
